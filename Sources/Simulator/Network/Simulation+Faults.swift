import CoreModel
import Secure
import Wire

extension Simulation {
    /// Performs a fault now.
    public func perform(_ fault: Fault) {
        recorder.traced(at: now, nil, "fault: \(fault)")
        switch fault {
        case .cut(let from, let to): network.setCut(true, from: from, to: to)
        case .heal(let from, let to): network.setCut(false, from: from, to: to)
        case .partition(let side, let oneWay):
            for host in side {
                for other in hosts where !side.contains(other) {
                    network.setCut(true, from: host, to: other)
                    if !oneWay { network.setCut(true, from: other, to: host) }
                }
            }
        case .healAll: network.healAll()
        case .unplug(let host), .plug(let host):
            if case .unplug = fault {
                network.setUnplugged(true, host)
                machines[host.number].neighbours = []
            } else {
                network.setUnplugged(false, host)
            }
            deliver(.interfacesChanged(network.interfaces(of: host)), to: host)
        case .changeAddress(let host):
            network.changeAddress(of: host)
            machines[host.number].neighbours = []
            deliver(.interfacesChanged(network.interfaces(of: host)), to: host)
        case .deaden(let one, let other): deadenConnections(between: one, and: other)
        case .sleep(let host): machines[host.number].isAsleep = machines[host.number].node != nil
        case .wake(let host): wake(host)
        case .pause(let host): machines[host.number].isPaused = machines[host.number].node != nil
        case .resume(let host): resume(host)
        case .shiftWall(let host, let duration):
            machines[host.number].wallOffset += duration
            machines[host.number].wallShiftedAt = now
        case .crash(let host): stopProcess(host, orderly: false)
        case .crashInNextRound(let host, let afterCommit): machines[host.number].doom = afterCommit
        case .powerCut(let host):
            closeAllLinks(of: host, telling: false, abruptly: true)
            stopProcess(host, orderly: false)
            machines[host.number].isPowered = false
            machines[host.number].neighbours = []
            network.forgetFlows(of: host)
            disks[host.number].powerCut(keeping: random.unit())
        case .restart(let host): start(host)
        case .firewall(let host, let firewall): network.setFirewall(firewall, at: host)
        case .deafen(let lan): network.setDeaf(true, lan)
        case .undeafen(let lan): network.setDeaf(false, lan)
        case .slow(let host, let rate): network.setRate(rate, of: host)
        case .conditions(let conditions): network.conditions = conditions
        }
    }

    private func wake(_ host: HostID) {
        guard machines[host.number].isAsleep else { return }
        machines[host.number].isAsleep = false
        machines[host.number].scheduledDeadline = nil
        deliver(.resumed, to: host)
        // The kernel reports the interfaces as they are after the sleep.
        deliver(.interfacesChanged(network.interfaces(of: host)), to: host)
        scheduleDeadline(of: host)
    }

    /// Resumes the process: all waiting inputs arrive together.
    private func resume(_ host: HostID) {
        guard machines[host.number].isPaused else { return }
        machines[host.number].isPaused = false
        let generation = machines[host.number].generation
        let waiting = machines[host.number].waiting
        machines[host.number].waiting = []
        machines[host.number].waitingDatagrams = 0
        for input in waiting where machines[host.number].generation == generation { deliver(input, to: host) }
        scheduleDeadline(of: host)
    }

    private func deadenConnections(between one: HostID, and other: HostID) {
        for index in connections.indices {
            guard let ends = connections[index]?.ends else { continue }
            if (ends[0].host, ends[1].host) == (one, other) || (ends[0].host, ends[1].host) == (other, one) {
                connections[index]?.isDead = true
            }
        }
    }

    /// Ends the process. The kernel closes its links, either after the queued data (`orderly`) or immediately.
    func stopProcess(_ host: HostID, orderly: Bool) {
        guard machines[host.number].node != nil else { return }
        closeAllLinks(of: host, telling: true, abruptly: !orderly)
        stirred.append(host)
        machines[host.number].node = nil
        disks[host.number].processEnded()
        machines[host.number].generation += 1
        machines[host.number].isAsleep = false
        machines[host.number].isPaused = false
        machines[host.number].waiting = []
        machines[host.number].waitingDatagrams = 0
        machines[host.number].doom = nil
        machines[host.number].scheduledDeadline = nil
    }
}
