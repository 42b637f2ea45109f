import CoreModel
import Wire

extension Facts {
    /// A relay that was named.
    func findings(of relay: RelayFacts) -> [Finding] {
        let place = relay.address.place
        func fails(_ code: Finding.Code, _ line: String, _ sentence: String, _ command: String? = nil) -> [Finding] {
            [Finding(code, fails: line, because: .init(sentence, command: command))]
        }
        if let failure = relay.target.lookupFailure {
            return fails(
                .relayUnknown, "the relay \(place) is not found: \(failure)",
                "Its name is not found: look at the address, and whether other names are found:",
                "getent hosts example.com")
        }
        for dial in relay.target.dials {
            guard case .answered(let peer, let name) = dial.outcome else { continue }
            guard name == nil else {
                return fails(
                    .relayNotRelay, "\(place) is an Earshot, and no relay",
                    "At \(place) somebody chats; a relay is "
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
                .relayNotRelay, "\(place) accepts, and is no Earshot relay",
                "Another program has that port, or a web proxy stands between: look at the address that the relay prints."
            )
        }
        let isRefused = outcomes.contains(.refused)
        return fails(
            .relayUnreachable, isRefused ? "no relay runs at \(place)" : "the relay \(place) does not answer",
            isRefused
                ? "The machine is there, and nothing accepts at that port: start the relay, or look at the port."
                : "The relay's machine is off, or a firewall is in the way: its own, or this network's for calls to the "
                    + "Internet.")
    }

    /// Whether the relay that answered is the one that its address says.
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
                    "Nobody is let in by it until its operator signs its key again. Its key is \(key). There, type:",
                    command: "earshot relay community sign KEY-FILE \(key)"))
        }
        let details = ["its key is \(key)"] + (proved == key ? [] : ["its community is \(proved)"])
        guard let wanted = address.fingerprint else {
            return Finding(.relay, .ok, "the relay \(place) answers", details: details)
        }
        let ask = "ask the one who runs it before you go in."
        if wanted == proved {
            let whose = proved == key ? "with the key of the address" : "of the community of the address"
            return Finding(.relay, .ok, "the relay \(place) answers, \(whose)", details: details)
        }
        if proved == key {
            return Finding(
                .relayOtherKey, fails: "the relay \(place) has another key than its address says",
                because: .init(
                    "It is another relay than the address says, or lacks its community's certificate, or somebody stands "
                        + "between. It says it is \(key): \(ask)"))
        }
        let reason =
            wanted == key
            ? "The address has the relay's own key, and the relay has joined a community since."
            : "It is a relay of another community, or somebody stands between."
        return Finding(
            .relayOtherCommunity, fails: "the relay \(place) is of another community than its address says",
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

    /// What the Earshot of this machine says.
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
                    because: .init("It does not look around, as it was told. Start it without:", command: "earshot")))
        }
        if running.isKeyInUseElsewhere {
            findings.append(
                Finding(
                    .keyInUse, fails: "the key of \(running.name) is in use by another process too",
                    because: .init(
                        "Two processes with one key are one peer to others. Start one of them with another name:",
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
