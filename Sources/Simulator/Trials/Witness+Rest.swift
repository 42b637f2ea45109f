import CoreModel
import PeerCore
import RoomSync
import Wire

/// The conditions that must hold once no more faults occur.
extension Witness {
    func lastChange(at host: HostID) -> Instant {
        host.number < views.count ? views[host.number].lastChange : .init(nanoseconds: 0)
    }

    /// Returns the first condition that does not hold yet; nil once everything has converged.
    func unrest(in simulation: Simulation<Resident>) -> String? {
        let hosts = peers.indices.map(HostID.init)
        return unrestOfViews(hosts, simulation) ?? unrestOfLobbies(hosts, simulation)
            ?? unrestOfConversations(hosts, simulation)
    }

    /// Returns a peer that was not shown a line, or was not notified of its delivery; nil if there is none.
    func unheard(_ text: String) -> String? {
        guard let said = ledger.place(of: text).map({ ledger[$0] }), let id = said.key?.id else {
            return "\"\(text)\" was not said"
        }
        let readers =
            said.recipient.map { [$0] }
            ?? (said.isAtRelay ? neighbourhood.fellows(of: said.author) : neighbourhood.neighbours(of: said.author))
        if let reader = readers.first(where: { !views[$0.number].shown.contains(id) }) {
            return "\(reader) was not shown \"\(text)\""
        }
        return said.recipient == nil || said.isDelivered ? nil : "\"\(text)\" was not reported delivered"
    }

    /// Returns the highest retention floor of any peer. Entries below it have been pruned by some peer, so they are not
    /// compared.
    func floor(of log: LogID, _ simulation: Simulation<Resident>) -> UInt64 {
        simulation.disks.reduce(0) { max($0, (try? RoomLog.floor(of: log, in: $1)) ?? 0) }
    }

    private func keys(
        of log: LogID, at host: HostID, from floor: UInt64, _ simulation: Simulation<Resident>
    ) -> [EntryKey] {
        let keys = (try? simulation.disks[host.number].keys(of: log)) ?? []
        return floor == 0 ? keys : keys.filter { $0.lamport >= floor }
    }

    /// Returns how far everything has converged now.
    func sample(of simulation: Simulation<Resident>) -> Sample {
        let hosts = peers.indices.map(HostID.init)
        let names = hosts.map { simulation.node(of: $0)?.heldName?.text }
        var seen = 0
        for host in hosts where names[host.number] != nil {
            for other in neighbourhood.neighbours(of: host) {
                if let name = names[other.number], self.name(of: other, seenBy: host, .lan) == name { seen += 1 }
            }
        }
        let said = ledger.accepted.filter { $0.recipient == nil && !$0.isAtRelay }
        let kept = hosts.reduce(0) { sum, host in
            sum + said.count { $0.key.map { views[host.number].shown.contains($0.id) } == true }
        }
        let gatherings = Set(hosts.compactMap { simulation.node(of: $0)?.gathering })
        return Sample(
            at: simulation.now, running: names.count { $0 != nil },
            views: Double(seen) / Double(max(1, hosts.reduce(0) { $0 + neighbourhood.neighbours(of: $1).count })),
            lobby: said.isEmpty ? 1 : Double(kept) / Double(readers(of: said)), gatherings: gatherings.count)
    }

    private func readers(of said: [Said]) -> Int {
        said.reduce(0) { $0 + 1 + neighbourhood.neighbours(of: $1.author).count }
    }

    private func name(of other: HostID, seenBy host: HostID, _ via: Event.PeerSummary.Via) -> String? {
        views[host.number].people[Sight(peer: peers[other.number], via: via)]
    }

    private func unrestOfViews(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        var names: [String] = []
        for host in hosts {
            guard let name = simulation.node(of: host)?.heldName, views[host.number].isReady else {
                return "\(host) has no name"
            }
            if let other = neighbourhood.neighbours(of: host).first(where: {
                $0 < host && simulation.node(of: $0)?.heldName?.folded == name.folded
            }) {
                return "\(host) and \(other) are both called \(name.text)"
            }
            names.append(name.text)
        }
        for host in hosts {
            let neighbours = neighbourhood.neighbours(of: host)
            for other in neighbours {
                let (seen, name) = (name(of: other, seenBy: host, .lan), names[other.number])
                if seen != name { return "\(host) sees \(other) as \(seen ?? "absent"), it is \(name)" }
            }
            if views[host.number].people.count != neighbours.count + neighbourhood.fellows(of: host).count {
                return "\(host) sees somebody who is not there, or does not see a member of the relay"
            }
        }
        return unrestOfMembers(hosts)
    }

    /// Checks that the relay gives each member one name, which all members see.
    private func unrestOfMembers(_ hosts: [HostID]) -> String? {
        var names: [HostID: String] = [:]
        for host in hosts {
            for other in neighbourhood.fellows(of: host) {
                guard let name = name(of: other, seenBy: host, .relay) else {
                    return "\(host) does not see \(other) at the relay"
                }
                if let known = names.updateValue(name, forKey: other), known != name {
                    return "\(host) sees \(other) at the relay as \(name), others as \(known)"
                }
            }
        }
        return Set(names.values).count == names.count ? nil : "two at the relay have one name"
    }

    private func unrestOfLobbies(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        for lan in Set(neighbourhood.lans).sorted() {
            let wrong = unrestOfLobby(hosts.filter { neighbourhood.lans[$0.number] == lan }, simulation)
            if let wrong { return wrong }
        }
        return unrestOfRelay(hosts, simulation)
    }

    private func unrestOfLobby(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        var first: (host: HostID, gathering: GatheringID, keys: [EntryKey])?
        var floor: UInt64 = 0
        for host in hosts {
            guard let gathering = simulation.node(of: host)?.gathering else { return "\(host) is in no gathering" }
            guard let first else {
                floor = self.floor(of: .lobby(gathering), simulation)
                first = (host, gathering, keys(of: .lobby(gathering), at: host, from: floor, simulation))
                continue
            }
            guard first.gathering == gathering else { return "\(host) is not in the gathering of \(first.host)" }
            let keys = keys(of: .lobby(gathering), at: host, from: floor, simulation)
            guard first.keys == keys else {
                return "the lobby of \(host) has \(keys.count) entries, that of \(first.host) \(first.keys.count); "
                    + "the first that only one has is \(firstDifference(keys, first.keys)), all from \(floor) on"
            }
        }
        let kept = Set(first?.keys.map(\.id) ?? [])
        for said in ledger.accepted where said.recipient == nil && !said.isAtRelay && hosts.contains(said.author) {
            let isSameProcess = said.start == simulation.recorder.starts[said.author.number]
            if said.isOffline || hasLongBeenKeptBack(said, simulation), !isSameProcess { continue }
            guard let key = said.key, kept.contains(key.id) || key.lamport < floor else {
                return "\"\(said.text)\" of \(said.author) is lost"
            }
        }
        return nil
    }

    /// Returns the first key that only one of two ascending lists has, as text.
    private func firstDifference(_ one: [EntryKey], _ other: [EntryKey]) -> String {
        guard let key = Set(one).symmetricDifference(other).min() else { return "none" }
        let text = ledger.place(of: key.id).map { "\"\(ledger[$0].text)\" of \(ledger[$0].author)" }
        return "\(text ?? "a lie") at \(key.lamport)"
    }

    /// Returns whether a line was said where no other peer received it, half a day ago by its author's clock, now or in
    /// between: the gathering of an earlier process is over by then.
    private func hasLongBeenKeptBack(_ said: Said, _ simulation: Simulation<Resident>) -> Bool {
        let (then, now) = (said.wall.milliseconds, simulation.wall(of: said.author).milliseconds)
        let isLongAgo = max(then, now) - min(then, now) > 11 * 3_600_000
        // The network location is stored with a time of up to ten minutes before, so a jump in between counts as well.
        let jump = simulation.wallShift(of: said.author)
        let hasJumped = jump > Instant(nanoseconds: 0) && jump > said.at - Bounds.locationInterval
        // Over hours, the clocks of all peers that received it may have jumped as well.
        if said.isOut { return hasJumped && simulation.now - said.at > .seconds(300) }
        return isLongAgo || hasJumped
    }

    private func unrestOfRelay(_ hosts: [HostID], _ simulation: Simulation<Resident>) -> String? {
        guard let relay = neighbourhood.relay, let hub = neighbourhood.relayHost else { return nil }
        let log = LogID.relayLobby(relay)
        let floor = floor(of: log, simulation)
        let kept = keys(of: log, at: hub, from: floor, simulation)
        for host in hosts where neighbourhood.isMember[host.number] {
            let keys = keys(of: log, at: host, from: floor, simulation)
            guard keys == kept else { return "of the relay \(host) has \(keys.count) entries, \(hub) \(kept.count)" }
        }
        let ids = Set(kept.map(\.id))
        for said in ledger.accepted where said.isAtRelay {
            guard let key = said.key, ids.contains(key.id) || key.lamport < floor else {
                return "\"\(said.text)\" of \(said.author) is lost at the relay"
            }
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
