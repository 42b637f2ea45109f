import Chat
import Wire

extension Simulation {
    /// Does it now.
    public func perform(_ fault: Fault) {
        recorder.traced("\(stamp) fault \(fault)")
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
            if case .unplug = fault { network.setUnplugged(true, host) } else { network.setUnplugged(false, host) }
            deliver(.interfacesChanged(network.interfaces(of: host)), to: host)
        case .changeAddress(let host):
            network.changeAddress(of: host)
            deliver(.interfacesChanged(network.interfaces(of: host)), to: host)
        case .sleep(let host): machines[host.number].isAsleep = true
        case .wake(let host): wake(host)
        case .shiftWall(let host, let duration): machines[host.number].wallOffset += duration
        case .crash(let host): stopProcess(host, orderly: false)
        case .powerCut(let host):
            closeAllLinks(of: host, telling: false, abruptly: true)
            stopProcess(host, orderly: false)
            machines[host.number].isPowered = false
        case .restart(let host): start(host)
        case .conditions(let conditions): network.conditions = conditions
        }
    }

    private func wake(_ host: HostID) {
        guard machines[host.number].isAsleep else { return }
        machines[host.number].isAsleep = false
        machines[host.number].scheduledDeadline = nil
        deliver(.resumed, to: host)
        scheduleDeadline(of: host)
    }

    /// The process ends; the kernel closes what it had open, after what is queued (`orderly`) or at once.
    func stopProcess(_ host: HostID, orderly: Bool) {
        guard machines[host.number].node != nil else { return }
        closeAllLinks(of: host, telling: true, abruptly: !orderly)
        machines[host.number].node = nil
        machines[host.number].generation += 1
        machines[host.number].isAsleep = false
        machines[host.number].scheduledDeadline = nil
    }
}
