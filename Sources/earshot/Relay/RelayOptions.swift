import Chat
import Secure
import Wire

/// The options of `earshot relay`, from the command line and the configuration file.
struct RelayOptions: Equatable {
    /// What members call the relay: `lobby@NAME`.
    var name = "relay"
    /// Empty: ``ListenAddress/Host/any``, port 47475.
    var listen: [ListenAddress] = []
    /// Nil: as systemd says, or `$XDG_STATE_HOME/earshot-relay`.
    var stateDirectory: String?
    var room = Room()
    var access = Access()
    var limits = Limits()
    /// Prometheus metrics; nil for none.
    var metrics: ListenAddress?
    /// Plain text for guests; nil for none.
    var text: ListenAddress?
    var log = Log()

    struct Room: Equatable {
        var topic: String?
        /// Message of the day, may have several lines.
        var motd: String?
    }

    /// Who may come in, and who may moderate.
    struct Access: Equatable {
        /// Nil: everybody.
        var password: Password?
        var operators: [PeerID] = []
        /// The password that makes an operator; nil for the one in the state directory, if there is one.
        var operatorPassword: PasswordHash?
        /// Empty: everybody.
        var allowed: [PeerID] = []
    }

    enum Password: Equatable {
        case hash(PasswordHash)
        case clear(String)
    }

    struct Limits: Equatable {
        /// Members at once.
        var members = 5_000
        /// Connections from one address.
        var perAddress = 256
        /// Connections that have not yet said who they are.
        var handshakes = 512
        /// Guests with plain text.
        var guests = 100
        /// Messages a second that one member may say on average, and at once.
        var rate = 20
        var burst = 100
        /// Messages that the lobby's log keeps.
        var history = 100_000
        /// How long; 0 for ever.
        var historyDays = 0
        /// Bytes that wait for a member who reads slowly; past them it is cut.
        var queueBytes = 1 << 20
    }

    struct Log: Equatable {
        enum Format: String, CaseIterable { case text, json }
        var format = Format.text
        /// What is below it is left out.
        var level = Note.Level.info
    }

    /// Reads the settings of the command line and those of the file.
    /// - Throws: With a line for everything that is wrong.
    init(_ settings: [Setting], files: OptionFiles) throws(Arguments.Misuse) {
        self.init()
        try OptionRule.apply(settings, by: Self.rules, to: &self, files: files)
    }

    init() {}
}
