extension FirewallFacts {
    /// Returns the command that opens the firewall for Earshot.
    /// - Parameter interface: The name of the interface where other peers are blocked.
    func command(openingOn interface: String) -> String {
        if isFirewalldRunning {
            // The zone of the interface counts; it is the default zone only if none was assigned.
            let zone =
                zone
                ?? "$(sudo firewall-cmd --get-zone-of-interface=\(interface) || sudo firewall-cmd --get-default-zone)"
            return "sudo firewall-cmd --zone=\(zone) --add-port=47474/udp --add-port=47474/tcp --permanent "
                + "&& sudo firewall-cmd --reload"
        }
        if isUfwEnabled { return "sudo ufw allow 47474" }
        if let nftablesChain {
            return "sudo nft insert rule \(nftablesChain) meta l4proto { tcp, udp } th dport 47474 accept"
        }
        if usesIPTables {
            return "for p in udp tcp; do sudo iptables -I INPUT -p $p --dport 47474 -j ACCEPT; done"
        }
        return "sudo nft list ruleset"
    }

    /// Whether the firewall is one that the command above can configure.
    var isKnown: Bool { isFirewalldRunning || isUfwEnabled || nftablesChain != nil || usesIPTables }

    /// Returns the table and chain for incoming packets in a file of nftables rules.
    public static func nftablesChain(in text: String) -> String? {
        var table: String?
        var chain: String?
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { " \t{};".contains($0) }).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if first == "table", words.count >= 2 {
                table = words.dropFirst().prefix(2).joined(separator: " ")
            } else if first == "chain", words.count >= 2 {
                chain = words[1]
            }
            if let hook = words.firstIndex(of: "hook"), hook + 1 < words.count, words[hook + 1] == "input",
                let table, let chain
            {
                return "\(table) \(chain)"
            }
        }
        return nil
    }
}
