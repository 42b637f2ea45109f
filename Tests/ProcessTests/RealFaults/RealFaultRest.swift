import Foundation

/// The conditions that must hold after the last fault.
struct RealFaultRest {
    let hosts: [RealFaultHost]
    let lobbies: [(room: String, hosts: [Int])]
    /// The private messages that were requested, by the command's number.
    let tells: [Int: (from: Int, to: Int, text: String)]
    let nextReference: () -> Int

    /// Returns a condition that does not hold yet; nil if all hold.
    func unrest() throws -> String? {
        for host in hosts where host.screen.ownName == nil || host.id == nil { return "h\(host.number) is not ready" }
        let names = hosts.map { $0.screen.ownName ?? "" }
        guard Set(names.map { $0.lowercased() }).count == hosts.count else { return "names are not unique: \(names)" }
        return try unrestOfViews() ?? unrestOfLobbies() ?? unrestOfConversations()
    }

    /// Sends a command to all at once and waits for all answers.
    private func ask(_ hosts: [RealFaultHost], _ command: [String: Any]) throws -> [EarshotProcess.Event?] {
        let asked = try hosts.map { host in
            let number = nextReference()
            try host.process.send(command.merging(["ref": number]) { $1 })
            return (host, number)
        }
        return asked.map { host, number in
            let answer = try? host.process.first(within: 5, "an answer") { $0.fields["ref"] as? Int == number }
            host.look()
            return answer
        }
    }

    private func unrestOfViews() throws -> String? {
        for (host, answer) in zip(hosts, try ask(hosts, ["do": "who"])) {
            guard let list = answer?.fields["peers"] as? [[String: Any]] else { return "h\(host.number) is silent" }
            var views: [String: [String: String]] = [:]
            for peer in list {
                guard let id = peer["id"] as? String, let name = peer["name"] as? String else { continue }
                views[peer["relay"] as? String ?? "lan", default: [:]][id] = name
            }
            for lobby in lobbies where lobby.hosts.contains(host.number) {
                let place = lobby.room == "lobby" ? "lan" : String(lobby.room.dropFirst("lobby@".count))
                let others = lobby.hosts.filter { $0 != host.number }.map { hosts[$0] }
                let expected = Dictionary(uniqueKeysWithValues: others.map { ($0.id ?? "", $0.screen.ownName ?? "") })
                let seen = views.removeValue(forKey: place) ?? [:]
                if seen != expected {
                    return "h\(host.number) sees \(seen.values.sorted()) at \(place), not \(expected.values.sorted())"
                }
                for (id, name) in seen where host.screen.present["\(id) \(place)"] != name {
                    return "h\(host.number) lists \(name) at \(place) and has not told so"
                }
            }
            guard views.isEmpty else { return "h\(host.number) sees somebody at \(views.keys.sorted())" }
            let count = list.count
            if host.screen.present.count != count {
                return "h\(host.number) lists \(count) and told of \(host.screen.present.count)"
            }
        }
        return nil
    }

    private func unrestOfLobbies() throws -> String? {
        for lobby in lobbies {
            let members = lobby.hosts.map { hosts[$0] }
            let answers = try ask(members, ["do": "history", "room": lobby.room, "limit": 1000])
            var first: [String]?
            for (host, answer) in zip(members, answers) {
                guard let list = answer?.fields["messages"] as? [[String: Any]] else {
                    return "h\(host.number) has no history of \(lobby.room)"
                }
                let ids = list.compactMap { $0["id"] as? String }
                guard Set(ids).count == ids.count else { return "h\(host.number) has a line of \(lobby.room) twice" }
                if let first, first != ids {
                    return "h\(host.number) has \(ids.count) lines of \(lobby.room), others \(first.count)"
                }
                first = ids
            }
            guard let ids = first, ids.count < 1000 else { continue }
            for host in members {
                let own = host.ledger.lines.filter { $0.room == lobby.room && ($0.isAtHome || lobby.room != "lobby") }
                if let lost = own.first(where: { !ids.contains($0.id) }) {
                    return "\"\(lost.text)\" is lost to \(lobby.room)"
                }
            }
        }
        return nil
    }

    private func unrestOfConversations() throws -> String? {
        for host in hosts {
            if let id = host.ledger.owed.first, let number = host.ledger.queued[id], let tell = tells[number] {
                return "\"\(tell.text)\" is not delivered"
            }
        }
        for sender in hosts {
            for receiver in hosts where receiver !== sender {
                let sent = sender.ledger.queued.filter { tells[$0.value]?.to == receiver.number }
                guard !sent.isEmpty, let id = sender.id else { continue }
                let kept = try Kept(of: id, in: receiver.state)
                guard Set(kept.ids).count == kept.ids.count, Set(kept.texts).count == kept.texts.count else {
                    return "h\(receiver.number) has something of h\(sender.number) twice"
                }
                let lost = Set(sent.keys).subtracting(kept.ids)
                guard lost.isEmpty else { return "h\(receiver.number) lacks \(lost.count) of h\(sender.number)" }
            }
        }
        return nil
    }
}
