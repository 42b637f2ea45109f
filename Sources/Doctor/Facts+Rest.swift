import CoreModel
import Wire

extension Facts {
    /// Returns the findings about a relay that was named.
    func findings(of relay: RelayFacts) -> [Finding] {
        let place = relay.address.place
        func fails(_ code: Finding.Code, _ line: String, _ sentence: String, _ command: String? = nil) -> [Finding] {
            [Finding(code, fails: line, because: .init(sentence, command: command))]
        }
        if let failure = relay.target.lookupFailure {
            return fails(
                .relayUnknown, "the relay \(place) was not found: \(failure)",
                "Its name was not found. Check the address, and whether other names are found:",
                "getent hosts example.com")
        }
        for dial in relay.target.dials {
            guard case .answered(let peer, let name) = dial.outcome else { continue }
            guard name == nil else {
                return fails(
                    .relayNotRelay, "\(place) is an Earshot, but not a relay",
                    "At \(place) somebody is chatting. A relay is "
                        + "started there with:", "earshot relay")
            }
            return [finding(ofKey: peer, dial.community, relay.address)]
        }
        let outcomes = relay.target.dials.map(\.outcome)
        for case .otherVersion(let theirs) in outcomes {
            return fails(
                .otherVersion, "the relay \(place) speaks version \(theirs) of the protocol",
                Self.versionSentence(theirs))
        }
        if outcomes.contains(.other) {
            return fails(
                .relayNotRelay, "\(place) accepts connections, but is not an Earshot relay",
                "Another program uses that port, or a web proxy is in between: check the address that the relay prints."
            )
        }
        let isRefused = outcomes.contains(.refused)
        return fails(
            .relayUnreachable, isRefused ? "no relay runs at \(place)" : "the relay \(place) does not answer",
            isRefused
                ? "The machine is there, but nothing listens on that port: start the relay, or check the port."
                : "The relay's machine is off, or a firewall is in the way: its own, or this network's for connections to "
                    + "the Internet.")
    }

    /// Returns the finding that says whether the relay that answered is the one in its address.
    private func finding(ofKey key: PeerID, _ community: DialFacts.Community, _ address: RelayAddress) -> Finding {
        let place = address.place
        let proved: PeerID
        switch community {
        case .own: proved = key
        case .certified(let certified): proved = certified
        case .refuted(let problem):
            return Finding(
                .relayBadCertificate, fails: "the certificate of the relay \(place) \(problem)",
                because: .init(
                    "It lets nobody in until its operator signs its key again. Its key is \(key). The operator types:",
                    command: "earshot relay community sign KEY-FILE \(key)"))
        }
        let details = ["its key is \(key)"] + (proved == key ? [] : ["its community is \(proved)"])
        guard let wanted = address.fingerprint else {
            return Finding(.relay, .ok, "the relay \(place) answers", details: details)
        }
        let ask = "ask the person who runs it before you join."
        if wanted == proved {
            let whose = proved == key ? "with the key in the address" : "from the community in the address"
            return Finding(.relay, .ok, "the relay \(place) answers, \(whose)", details: details)
        }
        if proved == key {
            return Finding(
                .relayOtherKey, fails: "the relay \(place) has a different key from the one in its address",
                because: .init(
                    "It is a different relay, or it lacks its community's certificate, or somebody is in "
                        + "between. Its key is \(key): \(ask)"))
        }
        let reason =
            wanted == key
            ? "The address has the relay's own key, but the relay has since joined a community."
            : "It is a relay of another community, or somebody is in between."
        return Finding(
            .relayOtherCommunity, fails: "the relay \(place) is from a different community than its address says",
            because: .init("\(reason) Its community is \(proved): \(ask)"), details: details)
    }

    func findings(of sweep: SweepFacts) -> [Finding] {
        let nameless = sweep.callers.filter { caller in !sweep.voices.contains { $0.address == caller } }
        let all = sweep.voices.map { "\($0.name) (\($0.address))" } + nameless.map { "\($0)" }
        guard !all.isEmpty else {
            return [Finding(.sweep, .note, "none of \(sweep.addressCount) addresses answered an introduction")]
        }
        let shown = all.prefix(5).joined(separator: ", ") + (all.count > 5 ? ", …" : "")
        return [
            Finding(.sweep, .ok, "\(all.count) of \(sweep.addressCount) addresses answered an introduction: \(shown)")
        ]
    }

    /// Returns the findings about the Earshot that runs on this machine, from its own status.
    func findings(of running: RunningFacts) -> [Finding] {
        var findings: [Finding] = []
        let details =
            ["version \(running.version)", "port \(running.port)"]
            + running.links.map { link in
                let way = link.address.map { "\($0)" } ?? "by a relay"
                return "\(link.name): \(way)\(link.isThroughFirewall ? ", through a firewall" : "")"
            }
        let count = running.links.count
        let links = count == 0 ? "without a link" : count == 1 ? "with 1 link" : "with \(count) links"
        findings.append(Finding(.running, .ok, "\(running.name) runs here, \(links)", details: details))
        if !running.usesMulticast {
            findings.append(
                Finding(
                    .noMulticastOption, fails: "\(running.name) was started with --no-multicast",
                    because: .init("It was told not to look for others. Start it without that:", command: "earshot")))
        }
        if running.isKeyInUseElsewhere {
            findings.append(
                Finding(
                    .keyInUse, fails: "another process uses the key of \(running.name) as well",
                    because: .init(
                        "To others, two processes with one key are one peer. Start one of them with another name:",
                        command: "earshot --name OTHER-NAME")))
        }
        if !running.blocked.isEmpty {
            findings.append(
                Finding(
                    .running, .note,
                    "\(running.name) has blocked \(running.blocked.joined(separator: ", ")) (/unblock NAME)"))
        }
        return findings
    }
}
