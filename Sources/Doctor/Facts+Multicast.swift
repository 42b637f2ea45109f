import CoreModel
import Wire

extension Facts {
    /// The findings about sending to the multicast group, for each interface and family.
    var sendingFindings: [Finding] {
        lans.compactMap { lan in
            guard !lan.probes.isEmpty else { return nil }
            let details = lan.probes.map { "\($0.family.rawValue): \($0.sending.words)" }
            let forbidden = lan.probes.filter { $0.sending == .forbidden }
            let families = Self.families(forbidden, of: lan)
            if !forbidden.isEmpty {
                return Finding(
                    .sendForbidden, fails: "this machine does not allow sending multicast on \(lan.name)\(families)",
                    because: sendingCause(on: lan.name), details: details)
            }
            if lan.probes.contains(where: { $0.sending == .sent }) {
                return Finding(.sending, .ok, "sending multicast works on \(lan.name)", details: details)
            }
            if lan.probes.contains(where: { $0.sending == .unroutable }) {
                return Finding(
                    .sendUnroutable, fails: "there is no route for multicast on \(lan.name)",
                    because: .init(
                        "A route on this machine, perhaps set by a VPN, discards multicast. Look for it:",
                        command: "ip route get 239.255.69.83"), details: details)
            }
            return Finding(.sending, .note, "sending multicast on \(lan.name) was not possible", details: details)
        }
    }

    private static func families(_ some: [ProbeFacts], of lan: InterfaceFacts) -> String {
        some.count == lan.probes.count ? "" : " over \(some.map(\.family.rawValue).joined(separator: " and "))"
    }

    private func sendingCause(on name: String) -> Finding.Cause {
        if let tunnel = interfaces.first(where: { $0.isUp && $0.interface.kind == .vpn }) {
            return .init(
                "The VPN on \(tunnel.name) most likely forbids it (its \"kill switch\"): allow the local network. "
                    + "Its rules:", command: "sudo nft list ruleset")
        }
        if firewall.isUfwEnabled {
            return .init(
                "A firewall on this machine blocks what Earshot sends. Allow it:", command: "sudo ufw allow out 47474")
        }
        return .init(
            "A firewall on this machine blocks what Earshot sends: the \"kill switch\" of a VPN, or rules for outgoing "
                + "packets. Look for them:", command: "sudo nft list ruleset")
    }

    /// The findings about the programs that use our ports.
    var portFindings: [Finding] {
        if ports.isDiscoveryTaken {
            let owner = ports.discoveryOwner.map { " (user \($0))" } ?? ""
            return [
                Finding(
                    .discoveryPortTaken, fails: "another program uses UDP port 47474 exclusively\(owner)",
                    because: .init(
                        "Earshot cannot hear others while another program uses UDP port 47474. See which, and end "
                            + "it:", command: "sudo ss -lunp 'sport = :47474'"))
            ]
        }
        guard let owner = ports.linkPortOwner else {
            let line = ports.isGroupHeard ? "an Earshot runs here, its links on another port" : "port 47474 is free"
            return [Finding(.port, .ok, line)]
        }
        if ports.isGroupHeard { return [Finding(.port, .ok, "an Earshot runs here, on port 47474")] }
        let line = "another program uses TCP port 47474 (user \(owner)), so Earshot uses another port"
        guard firewall.isUfwEnabled || firewall.isFirewalldRunning else { return [Finding(.port, .note, line)] }
        return [
            Finding(
                .linkPortUncovered, fails: line,
                because: .init(
                    "The firewall's rule for port 47474 does not cover the port that Earshot uses instead, so others cannot "
                        + "connect. See which program it is, and end it:", command: "sudo ss -ltnp 'sport = :47474'"
                ))
        ]
    }

    /// The findings about our own multicast datagrams that come back: an input firewall drops them as it drops those of
    /// others.
    var returningFindings: [Finding] {
        let isLoopClear = interfaces.contains { $0.interface.isLoopback && $0.probes.contains(where: \.hasReturned) }
        return lans.compactMap { lan in
            let sent = lan.probes.filter { $0.sending == .sent }
            guard !sent.isEmpty else { return nil }
            let details =
                sent.map { "\($0.family.rawValue): \($0.hasReturned ? "came back" : "did not come back")" }
                + ["lo: \(isLoopClear ? "came back" : "did not come back")"]
            let missing = sent.filter { !$0.hasReturned }
            // IPv6 adds nothing that is needed where IPv4 is received.
            if missing.isEmpty || missing.allSatisfy({ $0.family == .v6 }) && missing.count < sent.count {
                let only = missing.isEmpty ? "" : ", over IPv4 only"
                return Finding(
                    .returning, missing.isEmpty ? .ok : .note,
                    "multicast gets in on \(lan.name)\(only)",
                    details: details)
            }
            let way = isLoopClear ? "on lo, not on \(lan.name)" : "nowhere"
            return Finding(
                .firewallIn,
                fails: "multicast from others does not get in on \(lan.name) (our own datagram came back \(way))",
                because: firewallCause(on: lan.name), details: details)
        }
    }

    private func firewallCause(on name: String) -> Finding.Cause {
        let sentence = "A firewall on this machine drops what others send."
        guard firewall.isKnown else {
            return .init(
                "\(sentence) It is neither ufw nor firewalld: find the rule, and let UDP and TCP port 47474 in:",
                command: firewall.command(openingOn: name))
        }
        return .init(
            "\(sentence) Others see you; to be reached immediately, type:", command: firewall.command(openingOn: name))
    }

    /// The findings about other peers that are heard, above all those that this machine has links with.
    var hearingFindings: [Finding] {
        let seconds = Int(hearing.listened.components.seconds)
        let details =
            hearing.voices.map { "\($0.name) at \($0.address): \($0.count) in \(seconds) s" }
            + hearing.links.map { "link with \($0)" }
        if hearing.voices.isEmpty, let version = hearing.otherVersions.first {
            return [
                Finding(
                    .otherVersion,
                    fails: "others here speak version \(version) of the protocol, this one version \(Limits.version)",
                    because: .init(Self.versionSentence(version)), details: details)
            ]
        }
        guard hearing.voices.isEmpty else {
            let count = hearing.voices.count
            return [
                Finding(
                    .hearing, .ok, "\(count == 1 ? "1 other is" : "\(count) others are") heard: \(names)",
                    details: details)
            ]
        }
        if let reached = reachedButUnheard {
            return [
                Finding(
                    .multicastFiltered,
                    fails: "nobody was heard here in \(seconds) s, although \(reached) can be reached",
                    because: .init(
                        "The switch or Wi-Fi access point does not forward multicast. Turn off \"IGMP snooping\" or "
                            + "\"multicast filtering\" there, or start Earshot with the address of another that runs:",
                        command: "earshot --peer \(reached)"), details: details)
            ]
        }
        return [Finding(.hearing, .note, "nobody else was heard; perhaps nobody else is here", details: details)]
    }

    private var names: String {
        let shown = hearing.voices.prefix(5).map { "\($0.name) (\($0.address))" }.joined(separator: ", ")
        return hearing.voices.count > 5 ? "\(shown), …" : shown
    }

    /// The address of a peer that is certainly there, on a network where our own multicast comes back.
    private var reachedButUnheard: IPAddress? {
        if let link = hearing.links.first(where: isHearable) { return link }
        let answered = target?.dials.filter { if case .answered = $0.outcome { true } else { false } } ?? []
        let swept = (sweep?.voices.map(\.address) ?? []) + (sweep?.callers ?? [])
        return (answered.map(\.endpoint.address) + swept).first(where: isHearable)
    }

    private func isHearable(_ address: IPAddress) -> Bool {
        lans.contains { lan in
            lan.interface.addresses.contains { $0.covers(address) } && lan.probes.contains(where: \.hasReturned)
        }
    }

    static func versionSentence(_ theirs: UInt64) -> String {
        theirs > Limits.version
            ? "The Earshot on this machine is older than the others and cannot talk to them: update it."
            : "The Earshot on this machine is newer than the others and cannot talk to them: update theirs."
    }
}

extension ProbeFacts.Sending {
    fileprivate var words: String {
        switch self {
        case .sent: "sent"
        case .forbidden: "forbidden (EPERM)"
        case .unroutable: "no route"
        case .failed(let reason): reason
        }
    }
}
