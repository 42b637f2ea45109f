public import CoreModel
import RelayCore
public import Secure
public import Wire

/// The options of `earshot relay`, from the command line and the configuration file.
public struct RelayOptions: Equatable {
    /// The name that members see for the relay: `lobby@NAME`.
    public var name = "relay"
    /// The addresses for members; empty for ``ListenAddress/Host/any``, port 47475.
    public var listen: [ListenAddress] = []
    /// The state directory; nil for the one that systemd provides, or `$XDG_STATE_HOME/earshot-relay`.
    public var stateDirectory: String?
    public var community: Community?
    public var room = Room()
    public var access = Access()
    public var limits = Limits()
    /// The address of the Prometheus metrics; nil for none.
    public var metrics: ListenAddress?
    /// The address for plain-text guests; nil for none.
    public var text: ListenAddress?
    public var log = Log()

    /// The certificate of the community that the relay belongs to, and the file that it was read from.
    public struct Community: Equatable {
        public var certificate: SignedCertificate
        public var file: String
    }

    public struct Room: Equatable {
        public var topic: String?
        /// The message of the day, which may have several lines.
        public var motd: String?
    }

    /// The rules for who may join and who may moderate.
    public struct Access: Equatable {
        /// The password of the room; nil admits everybody.
        public var password: Password?
        public var operators: [PeerID] = []
        /// The password for becoming an operator; nil for the one in the state directory, if there is one.
        public var operatorPassword: PasswordHash?
        /// The peers that may join; empty admits everybody.
        public var allowed: [PeerID] = []
    }

    public enum Password: Equatable {
        case hash(PasswordHash)
        case clear(String)
    }

    /// The limits of the relay; the defaults are those of its core, except for retention.
    public struct Limits: Equatable {
        private static let defaults = RelayLimits()

        /// The maximum number of members.
        public var members = defaults.memberCount
        /// The maximum number of connections from one address.
        public var perAddress = defaults.connectionsPerAddress
        /// The maximum number of connections that have not joined yet.
        public var handshakes = defaults.handshakeCount
        /// The maximum number of plain-text guests.
        public var guests = defaults.guestCount
        /// The messages per second that one member may send on average, and the size of a burst.
        public var rate = Int(defaults.messageRate)
        public var burst = defaults.messageBurst
        /// The maximum number of messages that the lobby's log keeps.
        public var history = 100_000
        /// The number of days for which the log keeps them; 0 for indefinitely.
        public var historyDays = 0
        /// The maximum number of bytes that all logs together keep.
        public var keptBytes = 1 << 30
        /// The maximum number of bytes that wait for a member that reads slowly; beyond it, the member is disconnected.
        public var queueBytes = defaults.queueBytes
    }

    public struct Log: Equatable {
        public enum Format: String, CaseIterable { case text, json }
        public var format = Format.text
        /// The lowest level that is logged.
        public var level = Note.Level.info
    }

    /// Applies the settings of the command line and of the file.
    /// - Throws: ``Arguments/Misuse`` with one line per mistake.
    public init(_ settings: [Setting], files: OptionFiles) throws(Arguments.Misuse) {
        self.init()
        try OptionRule.apply(settings, by: Self.rules, to: &self, files: files)
    }

    init() {}
}
