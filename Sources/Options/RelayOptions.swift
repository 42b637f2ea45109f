public import CoreModel
import RelayCore
public import Secure
public import Wire

/// The options of `earshot relay`, from the command line and the configuration file.
public struct RelayOptions: Equatable {
    /// What members call the relay: `lobby@NAME`.
    public var name = "relay"
    /// Empty: ``ListenAddress/Host/any``, port 47475.
    public var listen: [ListenAddress] = []
    /// Nil: as systemd says, or `$XDG_STATE_HOME/earshot-relay`.
    public var stateDirectory: String?
    public var community: Community?
    public var room = Room()
    public var access = Access()
    public var limits = Limits()
    /// Prometheus metrics; nil for none.
    public var metrics: ListenAddress?
    /// Plain text for guests; nil for none.
    public var text: ListenAddress?
    public var log = Log()

    /// The certificate of the community that the relay belongs to, and the file that it is from.
    public struct Community: Equatable {
        public var certificate: SignedCertificate
        public var file: String
    }

    public struct Room: Equatable {
        public var topic: String?
        /// Message of the day, may have several lines.
        public var motd: String?
    }

    /// Who may come in, and who may moderate.
    public struct Access: Equatable {
        /// Nil: everybody.
        public var password: Password?
        public var operators: [PeerID] = []
        /// The password that makes an operator; nil for the one in the state directory, if there is one.
        public var operatorPassword: PasswordHash?
        /// Empty: everybody.
        public var allowed: [PeerID] = []
    }

    public enum Password: Equatable {
        case hash(PasswordHash)
        case clear(String)
    }

    /// What is not given is as the relay's core has it.
    public struct Limits: Equatable {
        private static let usual = RelayLimits()

        /// Members at once.
        public var members = usual.memberCount
        /// Connections from one address.
        public var perAddress = usual.connectionsPerAddress
        /// Connections that have not yet said who they are.
        public var handshakes = usual.handshakeCount
        /// Guests with plain text.
        public var guests = usual.guestCount
        /// Messages a second that one member may say on average, and at once.
        public var rate = Int(usual.messageRate)
        public var burst = usual.messageBurst
        /// Messages that the lobby's log keeps.
        public var history = 100_000
        /// How long; 0 for ever.
        public var historyDays = 0
        /// Bytes of all that is kept.
        public var keptBytes = 1 << 30
        /// Bytes that wait for a member who reads slowly; past them it is cut.
        public var queueBytes = usual.queueBytes
    }

    public struct Log: Equatable {
        public enum Format: String, CaseIterable { case text, json }
        public var format = Format.text
        /// What is below it is left out.
        public var level = Note.Level.info
    }

    /// Reads the settings of the command line and those of the file.
    /// - Throws: With a line for everything that is wrong.
    public init(_ settings: [Setting], files: OptionFiles) throws(Arguments.Misuse) {
        self.init()
        try OptionRule.apply(settings, by: Self.rules, to: &self, files: files)
    }

    init() {}
}
