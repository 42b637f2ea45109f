import Chat
import Wire

/// What must hold once nothing goes wrong any more.
extension Witness {
    func lastChange(at host: HostID) -> Instant {
        host.number < views.count ? views[host.number].lastChange : .init(nanoseconds: 0)
    }

    /// What has not come right yet; nil when everything has.
    func unrest(in simulation: Simulation<Resident>) -> String? {
        let hosts = peers.indices.map(HostID.init)
        return unrestOfViews(hosts, simulation) ?? unrestOfLobbies(hosts, simulation)
            ?? unrestOfConversations(hosts, simulation)
    }

    /// How far everything has come right, now.
    func sample(of simulation: Simulation<Resident>) -> Sample {
        let hosts = peers.indices.map(HostID.init)
        let names = hosts.map { simulation.node(of: $0)?.heldName?.text }
        var seen = 0
        for host in hosts where names[host.number] != nil {
            for other in hosts where other != host {
                if let name = names[other.number], views[host.number].people[peers[other.number]] == name { seen += 1 }
            }
        }
        let said = ledger.accepted.filter { $0.recipient == nil }
        let kept = hosts.reduce(0) { sum, host in
            sum + said.count { $0.key.map { views[host.number].shown.contains($0.id) } == true }
        }
        let gatherings = Set(hosts.compactMap { simulation.node(of: $0)?.gathering })
        return Sample(
            at: simulation.now, running: names.count { $0 != nil },
            views: Double(seen) / Double(max(1, hosts.count * (hosts.count - 1))),
            lobby: said.isEmpty ? 1 : Double(kept) / Double(hosts.count * said.count), gatherings: gatherings.count)
    }

    private func unrestOfViews(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        var names: [PeerID: String] = [:]
        var holders: [String: HostID] = [:]
        for host in hosts {
            guard let name = simulation.node(of: host)?.heldName, views[host.number].isReady else {
                return "\(host) has no name"
            }
            names[peers[host.number]] = name.text
            if let other = holders.updateValue(host, forKey: name.folded) {
                return "\(host) and \(other) are both called \(name.text)"
            }
        }
        for host in hosts {
            for other in hosts where other != host {
                let (seen, name) = (views[host.number].people[peers[other.number]], names[peers[other.number]])
                if seen != name { return "\(host) sees \(other) as \(seen ?? "absent"), it is \(name ?? "absent")" }
            }
            if views[host.number].people.count != hosts.count - 1 { return "\(host) sees somebody who is not there" }
        }
        return nil
    }

    private func unrestOfLobbies(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        var first: (host: HostID, gathering: GatheringID, keys: [EntryKey])?
        for host in hosts {
            guard let gathering = simulation.node(of: host)?.gathering,
                let keys = try? simulation.disks[host.number].keys(of: .lobby(gathering))
            else { return "\(host) is in no gathering" }
            guard let first else {
                first = (host, gathering, keys)
                continue
            }
            guard first.gathering == gathering else { return "\(host) is not in the gathering of \(first.host)" }
            guard first.keys == keys else {
                return "the lobby of \(host) has \(keys.count) entries, that of \(first.host) \(first.keys.count)"
            }
        }
        let kept = Set(first?.keys.map(\.id) ?? [])
        for said in ledger.accepted where said.recipient == nil {
            if said.isOffline, said.start != simulation.recorder.starts[said.author.number] { continue }
            guard let id = said.key?.id, kept.contains(id) else { return "\"\(said.text)\" of \(said.author) is lost" }
        }
        return nil
    }

    private func unrestOfConversations(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        for host in hosts {
            for other in hosts where other != host {
                let log = LogID.conversation(peers[other.number])
                if (try? simulation.disks[host.number].awaitingReceipt(in: log))?.isEmpty == false {
                    return "\(host) waits for receipts of \(other)"
                }
            }
        }
        for said in ledger.accepted {
            guard let key = said.key, let recipient = said.recipient else { continue }
            guard simulation.disks[recipient.number].isSynced(key) else {
                return "\"\(said.text)\" of \(said.author) did not reach \(recipient)"
            }
        }
        return nil
    }
}
