import CoreModel

/// What one check came to.
public struct Finding: Equatable, Sendable {
    public enum Status: String, Sendable {
        /// As it should be.
        case ok
        /// A reason why others are not seen.
        case fail
        /// Worth knowing, and no fault.
        case note
        /// Not looked at, because what it rests on has failed.
        case skipped
    }

    /// Names what was found, for programs: these words do not change.
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
    /// One line for people.
    public var line: String
    /// The facts behind it, a line each, for `-v`.
    public var details: [String]
    /// Only if it failed.
    public var cause: Cause?

    /// Why others are not seen, and what to do.
    public struct Cause: Equatable, Sendable {
        /// One sentence or two, without the command.
        public var sentence: String
        /// One command that mends it; nil if no command does.
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

    /// One that failed.
    init(_ code: Code, fails line: String, because cause: Cause, details: [String] = []) {
        self.init(code, .fail, line, details: details)
        self.cause = cause
    }
}
