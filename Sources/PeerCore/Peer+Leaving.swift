import CoreModel
import Secure
import Wire

/// Orderly exit: pending messages are sent, all peers are notified, then the process may end.
extension Peer {
    /// Quits; waits for outstanding receipts first if wanted, for at most ``Bounds/receiptTimeout``.
    mutating func quit(afterReceipts: Bool) {
        guard afterReceipts, awaitsReceipts() else {
            quitNow(.done)
            return
        }
        presence.stage = .awaitingReceipts
        timers.schedule(.receiptTimeout, at: now + Bounds.receiptTimeout)
    }

    /// Quits if no more receipts are awaited.
    mutating func considerLeaving() {
        if presence.stage == .awaitingReceipts, !awaitsReceipts() { quitNow(.done) }
    }

    /// Sends goodbye everywhere, closes all links and reports the exit status.
    mutating func quitNow(_ status: ExitStatus) {
        guard presence.stage != .finished else { return }
        showAllBacklogs()
        reportSuppressedLines()
        presence.stage = .finished
        noteGathering()
        keepClock(isUrgent: true)
        if configuration.usesMulticast, let goodbye = ownAnnouncement(.goodbye) {
            outputs.push(.multicast(goodbye.bytes))
        }
        advertiseLeaving()
        for id in sessions.tunnels { closeTunnel(id, isTold: true) }
        for id in links.ids {
            guard let link = links[id], link.phase != .closing else { continue }
            send(.goodbye(.leaving), on: id)
            close(id, abruptly: link.peer == nil)
        }
        outputs.push(.finished(status))
    }
}
