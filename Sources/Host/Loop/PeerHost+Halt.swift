import CoreModel
import Glibc
import Wire

/// While the archive cannot keep what a round changed, because the disk is full for instance: nothing that the round
/// said leaves, and no other begins. The person can type on; the archive is asked again every second.
struct Halt {
    var retryAt: Instant
    var isLeaving = false
}

/// The archive, and what it has still to keep.
struct Keeping {
    let archive: any Archive
    /// It cannot keep the last round.
    var halt: Halt?
    /// When the archive's file is to be completed; nil: it has everything.
    var checkpointAt: Instant?
    /// Commands of the round that is under way.
    var said: [(command: Command, token: CommandToken?)] = []
}

extension Keeping {
    /// After a round that was kept.
    mutating func checkpointIfDue(at now: Instant) {
        guard let due = checkpointAt else {
            if archive.needsCheckpoint { checkpointAt = now + HostBounds.checkpointTime }
            return
        }
        guard now >= due else { return }
        archive.checkpoint()
        checkpointAt = nil
    }
}

extension PeerHost {
    /// - Returns: False if the round's changes could not be kept: what it says must then not leave.
    func keep() -> Bool {
        do throws(ArchiveError) {
            try keeping.archive.commit()
            keeping.said.removeAll(keepingCapacity: true)
            return true
        } catch {
            configuration.note(Note(.warning, error.text))
            switch error.kind {
            case .full, .unwritable, .locked, .other:
                // A process that is to end, since this round or before, does not wait for room.
                let isLeaving =
                    console.hasAskedToLeave
                    || keeping.said.contains { if case .quit = $0.command { true } else { false } }
                keeping.halt = Halt(retryAt: moment.now + HostBounds.archiveRetryTime, isLeaving: isLeaving)
                complain(error.text + "; nothing is sent until then, and what you type waits")
            case .damaged, .newer:
                complain(error.text)
                tellWhatIsLost()
                outcome = outcome ?? .finished(.failed)
            }
            return false
        }
    }

    private func complain(_ text: String, token: CommandToken? = nil) {
        frontEnd.eventOccurred(.failed(Event.Failure(.storage, text)), token: token, at: moment.wall)
    }

    /// A round in which only the person is listened to.
    func haltedRound(atMost limit: Duration) throws {
        guard var halt = keeping.halt else { return }
        let mayListen = pending.count < HostBounds.heldCommandCount
        let wait = max(.zero, min(limit, halt.retryAt - Clock.now()))
        let hasInput = try console.waitForPerson(atMost: wait, listening: mayListen)
        moment = Moment()
        halt.isLeaving = takeSignalsWhileHalted() || halt.isLeaving
        if hasInput { takeInput() }
        while let (command, token) = frontEnd.nextCommand() {
            if case .quit = command { halt.isLeaving = true } else { pending.append(.commanded(command, token: token)) }
        }
        keeping.halt = halt
        guard halt.isLeaving || moment.now >= halt.retryAt else { return }
        do {
            try keeping.archive.commit()
            keeping.halt = nil
            keeping.said.removeAll(keepingCapacity: true)
            frontEnd.eventOccurred(.notice("kept and sent: there is room again"), token: nil, at: moment.wall)
            if halt.isLeaving { pending.append(.commanded(.quit(afterReceipts: false), token: nil)) }
            carryOut()
        } catch {
            configuration.note(Note(.debug, "still not kept: \(error)"))
            keeping.halt?.retryAt = moment.now + HostBounds.archiveRetryTime
            guard halt.isLeaving else { return }
            tellWhatIsLost()
            outcome = .finished(.failed)
        }
    }

    private func takeSignalsWhileHalted() -> Bool {
        var isLeaving = false
        for news in console.signals?.read() ?? [] {
            switch news {
            // Settings are read when there is room again, if somebody asks once more.
            case .hangup where operation.hangupReceived != nil: break
            case .leave, .hangup: isLeaving = true
            case .suspend: console.suspend()
            case .resumed: console.resume()
            case .resized: break
            }
            if let columns = console.columns { frontEnd.sizeChanged(columns: columns) }
        }
        return isLeaving
    }

    /// The words that go with this process, so that whoever typed them has them.
    private func tellWhatIsLost() {
        let held = pending.compactMap { input -> (Command, CommandToken?)? in
            if case .commanded(let command, let token) = input { (command, token) } else { nil }
        }
        for (command, token) in keeping.said + held {
            switch command {
            case .say(let text, _, _), .tell(_, let text, _): complain("not kept and not sent: \(text)", token: token)
            default: break
            }
        }
    }
}

extension Console {
    /// Waits until the person has typed something or a signal has come.
    /// - Returns: whether there is something to read, so that reading does not wait.
    func waitForPerson(atMost limit: Duration, listening mayListen: Bool) throws(SystemError) -> Bool {
        let heard = input.flatMap { mayListen && !$0.hasEnded ? $0.number : nil }
        var awaited = [signals?.number, heard].compactMap { number in
            number.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        }
        let milliseconds = CInt(clamping: (limit.wholeNanoseconds + 999_999) / 1_000_000)
        let count = poll(&awaited, nfds_t(awaited.count), milliseconds)
        if count < 0, errno != EINTR { throw SystemError(call: "poll", subject: "", code: errno) }
        return count > 0 && awaited.contains { $0.fd == heard && $0.revents != 0 }
    }
}
