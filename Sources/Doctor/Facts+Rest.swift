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
        let outcomes = relay.target.dials.map(\.outcome)
        for case .answered(let peer, let name) in outcomes {
            guard name == nil else {
                return fails(
                    .relayNotRelay, "\(place) is an Earshot, and no relay",
                    "At \(place) somebody chats; a relay is "
                        + "started there with:", "earshot relay")
            }
            guard let wanted = relay.address.fingerprint, wanted != peer else {
                let key = relay.address.fingerprint == nil ? "" : ", with the key of the address"
                return [Finding(.relay, .ok, "the relay \(place) answers\(key)", details: ["its key is \(peer)"])]
            }
            return fails(
                .relayOtherKey, "the relay \(place) has another key than its address says",
                "It is another relay than the address says, or somebody stands between. It says it is \(peer): ask the one "
                    + "who runs it before you go in.")
        }
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
