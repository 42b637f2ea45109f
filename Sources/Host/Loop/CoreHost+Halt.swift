import CoreModel
import Glibc
import Wire

/// The state while the archive cannot commit a round, for example because the disk is full: no output of the round is
/// sent, and no other round begins. The user can continue to type; the commit is retried every second.
struct Halt {
    var retryAt: Instant
    var isLeaving = false
}

/// The archive, and its uncommitted work.
struct CommitState {
    let archive: any Archive
    /// Set while the last round cannot be committed.
    var halt: Halt?
    /// The time of the next checkpoint of the archive; nil if none is needed.
    var checkpointAt: Instant?
    /// The commands of the current round.
    var said: [(command: Command, token: CommandToken?)] = []
}

extension CommitState {
    /// Checkpoints the archive if it is time, after a committed round.
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

extension CoreHost {
    /// Commits the round.
    /// - Returns: False if that failed: its output must then not be sent.
    func keep() -> Bool {
        do throws(ArchiveError) {
            try keeping.archive.commit()
            keeping.said.removeAll(keepingCapacity: true)
            return true
        } catch {
            configuration.note(Note(.warning, error.text))
            switch error.kind {
            case .full, .unwritable, .locked, .other:
                // A process that is about to exit, in this round or before, does not wait for space.
                let isLeaving =
                    console.hasAskedToLeave
                    || keeping.said.contains { if case .quit = $0.command { true } else { false } }
                keeping.halt = Halt(retryAt: moment.now + HostBounds.archiveRetryTime, isLeaving: isLeaving)
                printError(error.text + "; until then nothing is sent, and your messages wait")
            case .damaged, .newer:
                printError(error.text)
                tellWhatIsLost()
                outcome = outcome ?? .finished(.failed)
            }
            return false
        }
    }

    private func printError(_ text: String, token: CommandToken? = nil) {
        frontEnd.eventOccurred(.failed(Event.Failure(.storage, text)), token: token, at: moment.wall)
    }

    /// Runs a round that handles only the input of the user.
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
            frontEnd.eventOccurred(.notice("saved and sent: there is space again"), token: nil, at: moment.wall)
            if halt.isLeaving { pending.append(.commanded(.quit(afterReceipts: false), token: nil)) }
            carryOut()
        } catch {
            configuration.note(Note(.debug, "still not saved: \(error)"))
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
            // Settings are reloaded when there is space again, if another SIGHUP arrives then.
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

    /// Reports the messages that are lost with this process, so that their author can copy them.
    private func tellWhatIsLost() {
        let held = pending.compactMap { input -> (Command, CommandToken?)? in
            if case .commanded(let command, let token) = input { (command, token) } else { nil }
        }
        for (command, token) in keeping.said + held {
            switch command {
            case .say(let text, _, _), .tell(_, let text, _):
                printError("not saved and not sent: \(text)", token: token)
            default: break
            }
        }
    }
}

extension Console {
    /// Waits until the user has typed or a signal has arrived.
    /// - Returns: Whether there is input that can be read without blocking.
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
