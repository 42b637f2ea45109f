import CoreModel
import Wire

extension Facts {
    /// Returns the findings about dialling one host.
    func findings(of target: TargetFacts) -> [Finding] {
        let name = target.text
        if let failure = target.lookupFailure {
            return [
                Finding(
                    .hostUnknown, fails: "\(name) was not found: \(failure)",
                    because: .init(
                        "This network knows no host \(name). Use its address, which `ip -brief address` shows on the "
                            + "other machine."))
            ]
        }
        // The address with the most informative outcome.
        guard let dial = target.dials.min(by: { $0.outcome.rank < $1.outcome.rank }) else { return [] }
        let details = target.dials.map { dial in
            let milliseconds =
                dial.took.components.seconds * 1000 + dial.took.components.attoseconds / 1_000_000_000_000_000
            return "\(dial.endpoint): \(dial.outcome.words) after \(milliseconds) ms, neighbour \(dial.neighbour)"
        }
        var finding = self.finding(
            of: dial, name: name == "\(dial.endpoint.address)" ? name : "\(name) (\(dial.endpoint.address))")
        finding.details = details
        return [finding]
    }

    private func finding(of dial: DialFacts, name: String) -> Finding {
        func fails(_ code: Finding.Code, _ line: String, _ sentence: String, _ command: String? = nil) -> Finding {
            Finding(code, fails: line, because: .init(sentence, command: command))
        }
        let port = dial.endpoint.port
        switch dial.outcome {
        case .answered(_, let peerName):
            return Finding(.host, .ok, "\(name) answers: an Earshot\(peerName.map { ", \($0)" } ?? "")")
        case .own:
            return fails(
                .hostIsSelf, "\(name) is this machine",
                "That is this machine itself: use the name or address of the other one.")
        case .otherVersion(let theirs):
            return fails(
                .otherVersion, "\(name) speaks version \(theirs) of the protocol, this one version \(Limits.version)",
                Self.versionSentence(theirs))
        case .other:
            return fails(
                .hostNotEarshot, "\(name) accepts connections on port \(port), but is not an Earshot",
                "Another program uses port \(port) there, so Earshot uses another: `earshot doctor` on that machine "
                    + "shows which.")
        case .refused:
            if let voice = hearing.voices.first(where: { $0.address == dial.endpoint.address }) {
                return refusal(by: voice, dial, name)
            }
            return fails(
                .hostWithoutEarshot, "\(name) can be reached, but no Earshot runs there on port \(port)",
                "No Earshot runs on \(name), or a firewall there rejects connections. Start it there:", "earshot")
        case .unreachable, .timedOut, .unroutable: return silence(dial, name)
        case .forbidden:
            return fails(
                .dialForbidden, "this machine does not allow connections to \(name)",
                "A firewall on this machine blocks them: the \"kill switch\" of a VPN, or rules for outgoing packets. "
                    + "Look for them:", "sudo nft list ruleset")
        case .failed(let reason):
            return fails(.hostAway, "\(name) cannot be reached: \(reason)", "The system says: \(reason).")
        }
    }

    /// Returns the finding about a peer that is heard but refuses the connection: an Earshot does run there.
    private func refusal(by voice: HearingFacts.Voice, _ dial: DialFacts, _ name: String) -> Finding {
        guard voice.linkPort == dial.endpoint.port else {
            return Finding(
                .host, .note, "the Earshot on \(name) uses port \(voice.linkPort), which it announces",
                details: [])
        }
        return Finding(
            .hostRejects, fails: "\(name) is heard, but rejects the connection",
            because: .init(
                "A firewall on \(name) rejects connections. On that machine, type:", command: "sudo ufw allow 47474"))
    }

    /// Returns the finding about a host that does not answer: a firewall drops the connection, or nothing is there.
    private func silence(_ dial: DialFacts, _ name: String) -> Finding {
        func fails(_ code: Finding.Code, _ line: String, _ sentence: String, _ command: String? = nil) -> Finding {
            Finding(code, fails: line, because: .init(sentence, command: command))
        }
        guard isOnLink(dial.endpoint.address) else {
            return fails(
                .hostElsewhere, "\(name) is on another network, and does not answer",
                "Earshot finds others only on its own network. Join the same network, or meet on a relay:",
                "earshot --relay RELAY")
        }
        switch (dial.outcome, dial.neighbour) {
        case (.unreachable, .known):
            return fails(
                .hostRejects, "\(name) is there, but rejects the connection",
                "A firewall on \(name) rejects connections, as firewalld does. On that machine, type:",
                "sudo firewall-cmd --add-port=47474/udp --add-port=47474/tcp --permanent && sudo firewall-cmd --reload")
        case (.timedOut, .known):
            return fails(
                .hostDrops, "\(name) is there, but drops the connection",
                "A firewall on \(name) drops connections, as ufw does. On that machine, type:", "sudo ufw allow 47474")
        case (.timedOut, .unknown):
            return fails(
                .dialForbidden, "this machine does not allow connections to \(name)",
                "The packets do not even leave: a firewall on this machine drops them. Look for the rule:",
                "sudo nft list ruleset")
        default:
            return fails(
                .hostAway, "nothing answers at \(name)",
                "\(name) is off, or on another network, or the Wi-Fi keeps its guests apart (\"client isolation\", as guest "
                    + "networks and hotspots do). Compare the \"place\" lines of both machines.")
        }
    }
}

extension DialFacts.Outcome {
    /// The rank of the outcome; lower is more informative.
    fileprivate var rank: Int {
        switch self {
        case .answered: 0
        case .otherVersion: 1
        case .other: 2
        case .refused: 3
        case .unreachable: 4
        case .timedOut: 5
        case .forbidden: 6
        case .own: 7
        case .unroutable: 8
        case .failed: 9
        }
    }

    fileprivate var words: String {
        switch self {
        case .own: "own address"
        case .answered(let peer, let name): "answered as \(name ?? "nobody"), key \(peer)"
        case .otherVersion(let version): "version \(version)"
        case .other: "connected, not an Earshot"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .unroutable: "no route"
        case .timedOut: "no answer"
        case .forbidden: "forbidden"
        case .failed(let reason): reason
        }
    }
}
