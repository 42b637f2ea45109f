import CoreModel

/// The result of one check.
public struct Finding: Equatable, Sendable {
    public enum Status: String, Sendable {
        /// No problem was found.
        case ok
        /// A reason why others are not seen.
        case fail
        /// Worth knowing, but not a fault.
        case note
        /// The check was skipped because one that it depends on failed.
        case skipped
    }

    /// The stable name of what was found, for programs.
    public enum Code: String, Sendable, CaseIterable {
        case network, box, sending, port, returning, hearing, host, place, running, relay, sweep
        // Causes.
        case noNetwork = "no-network"
        case behindNAT = "behind-nat"
        case sendForbidden = "send-forbidden"
        case sendUnroutable = "send-unroutable"
        case discoveryPortTaken = "discovery-port-taken"
        case linkPortUncovered = "link-port-uncovered"
        case firewallIn = "firewall-in"
        case multicastFiltered = "multicast-filtered"
        case otherVersion = "other-version"
        case hostUnknown = "host-unknown"
        case hostIsSelf = "host-is-self"
        case hostDrops = "host-drops"
        case hostRejects = "host-rejects"
        case hostWithoutEarshot = "host-without-earshot"
        case hostNotEarshot = "host-not-earshot"
        case hostAway = "host-away"
        case hostElsewhere = "host-elsewhere"
        case dialForbidden = "dial-forbidden"
        case noMulticastOption = "no-multicast-option"
        case keyInUse = "key-in-use"
        case relayUnknown = "relay-unknown"
        case relayUnreachable = "relay-unreachable"
        case relayNotRelay = "relay-not-relay"
        case relayOtherKey = "relay-other-key"
        case relayOtherCommunity = "relay-other-community"
        case relayBadCertificate = "relay-bad-certificate"
    }

    public var code: Code
    public var status: Status
    /// The finding in one line, for people.
    public var line: String
    /// The facts behind it, one line each, for `-v`.
    public var details: [String]
    /// The cause; only if the check failed.
    public var cause: Cause?

    /// The reason why others are not seen, and the remedy.
    public struct Cause: Equatable, Sendable {
        /// One or two sentences, without the command.
        public var sentence: String
        /// A command that fixes it; nil if no command does.
        public var command: String?

        public init(_ sentence: String, command: String? = nil) {
            self.sentence = sentence
            self.command = command
        }
    }

    init(_ code: Code, _ status: Status, _ line: String, details: [String] = []) {
        self.code = code
        self.status = status
        self.line = line
        self.details = details
    }

    /// Creates the finding of a check that failed.
    init(_ code: Code, fails line: String, because cause: Cause, details: [String] = []) {
        self.init(code, .fail, line, details: details)
        self.cause = cause
    }
}
