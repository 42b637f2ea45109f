import CoreModel
import Glibc
import PeerCore
import RelayCore
import Testing
import Wire

@testable import Host

extension HostTests {
    @Suite("Event loop")
    struct LoopTests {
        /// Makes a pipe; the test must close both ends.
        private func makePipe() -> (read: CInt, write: CInt) {
            var ends: [CInt] = [0, 0]
            let result = pipe(&ends)
            precondition(result == 0)
            return (ends[0], ends[1])
        }

        @Test("an event of a descriptor that was closed meanwhile is dropped, even if its number is reused")
        func stale() throws {
            let poller = try Poller()
            let (read1, write1) = makePipe()
            _ = Glibc.write(write1, "x", 1)
            try poller.add(read1, .link(LinkID(number: 1)), .readable)
            try poller.wait(atMost: .seconds(5))
            #expect(poller.readyCount == 1)
            #expect(poller.ready(at: 0)?.source == .link(LinkID(number: 1)))

            // Still in the same batch: the descriptor is closed, and its number reused.
            poller.remove(read1)
            let (read2, write2) = makePipe()
            dup2(read2, read1)
            try poller.add(read1, .link(LinkID(number: 2)), .readable)
            #expect(poller.ready(at: 0) == nil)
            poller.remove(read1)
            for number in [read1, write1, read2, write2] { close(number) }
        }

        @Test("the core is notified of a deadline once, and not early")
        func deadline() throws {
            let host = try ToyHost()
            let at = Clock.now() + .milliseconds(30)
            host.board.deadline = Deadline(at: at, reason: "test")
            #expect(try turn(host) { host.board.deadlines > 0 })
            #expect(Clock.now() >= at)
            try turn(host, times: 5)
            #expect(host.board.deadlines == 1)
        }

        @Test("lines on standard input become commands, and so does its end")
        func input() throws {
            let (read, write) = makePipe()
            defer { close(read) }
            let host = try ToyHost { $0.input = read }
            _ = Glibc.write(write, "one\ntwo\n", 8)
            #expect(try turn(host) { host.board.commands.count == 2 })
            #expect(host.board.commands[1] == .say(text: "two", kind: .text, room: nil))
            close(write)
            #expect(try turn(host) { host.board.commands.count == 3 })
            #expect(host.board.commands[2] == .quit(afterReceipts: true))
            // The loop sleeps again after that.
            #expect(host.frontEnd.hasEnded)
        }

        @Test("a regular file and /dev/null work as standard input")
        func regularFile() throws {
            var template = Array("/tmp/earshot-input-XXXXXX".utf8CString)
            let number = mkstemp(&template)
            defer {
                close(number)
                unlink(template)
            }
            _ = Glibc.write(number, "hello\n", 6)
            lseek(number, 0, SEEK_SET)
            let host = try ToyHost { $0.input = number }
            #expect(try turn(host) { host.board.commands.count == 2 })
            #expect(host.board.commands[0] == .say(text: "hello", kind: .text, room: nil))

            let null = open("/dev/null", O_RDONLY)
            defer { close(null) }
            let other = try ToyHost { $0.input = null }
            #expect(try turn(other) { other.frontEnd.hasEnded })
        }

        @Test("a slow reader of standard output blocks nothing, and receives everything in the end")
        func slowReader() throws {
            let (read, write) = makePipe()
            defer { close(read) }
            let host = try ToyHost { $0.output = write }
            close(write)
            let line = String(repeating: "x", count: 999)
            for _ in 0..<500 { host.want(.notify(.notice(line), token: nil)) }
            // 500 kB do not fit into a pipe, and still the loop runs.
            try turn(host, times: 3)
            var count = 0
            var buffer = [UInt8](repeating: 0, count: 65_536)
            #expect(fcntl(read, F_SETFL, O_NONBLOCK) == 0)
            #expect(
                try turn(host) {
                    count += max(0, Glibc.read(read, &buffer, buffer.count))
                    return count == 500_000
                })
        }

        @Test("when standard output loses its reader, the core is asked once to quit")
        func noReader() throws {
            let (read, write) = makePipe()
            signal(SIGPIPE, SIG_IGN)
            let host = try ToyHost { $0.output = write }
            close(write)
            try turn(host, times: 3)
            #expect(host.board.commands.isEmpty)
            // Noticed although there is nothing to write.
            close(read)
            #expect(try turn(host) { !host.board.commands.isEmpty })
            try turn(host, times: 3)
            #expect(host.board.commands == [.quit(afterReceipts: false)])
        }

        @Test("when standard output cannot be written, the core is asked to send what is pending, and the host fails")
        func outputLost() throws {
            let full = open("/dev/full", O_WRONLY)
            let readable = open("/dev/null", O_RDONLY)
            defer { for number in [full, readable] { close(number) } }
            for (number, code) in [(full, ENOSPC), (readable, EBADF)] {
                let host = try ToyHost { $0.output = number }
                host.board.answer = { input in
                    if case .commanded(.quit, _) = input { [.finished(.done)] } else { [] }
                }
                host.want(.notify(.notice("line"), token: nil))
                #expect(throws: OutputEnd.code(code)) { try turn(host) { host.status != nil } }
                #expect(host.board.commands == [.quit(afterReceipts: true)])
            }
        }

        @Test("output that its reader has not read in the end is lost, which is a failure")
        func outputLeft() throws {
            let (read, write) = makePipe()
            defer { close(read) }
            let host = try ToyHost { $0.output = write }
            close(write)
            let line = String(repeating: "x", count: 999)
            for _ in 0..<500 { host.want(.notify(.notice(line), token: nil)) }
            host.want(.finished(.done))
            #expect(throws: OutputEnd.failed("its reader does not read")) { try turn(host) { host.status != nil } }
        }

        @Test("with a damaged archive, unsaved output is not sent, and the host fails")
        func archiveDamaged() throws {
            let archive = NoArchive()
            let host = try ToyHost(archive: archive)
            try host.turn()
            #expect(archive.commits > 0)
            archive.failure = ArchiveError(.damaged, "damaged")
            host.want(.notify(.notice("said"), token: nil))
            #expect(try turn(host) { host.status != nil })
            #expect(host.status == .failed)
            #expect(host.frontEnd.failures == [Event.Failure(.storage, "damaged")])
            #expect(host.board.outputs.count == 1)
        }

        @Test("committed data moves to the archive's file after a while")
        func checkpoint() throws {
            let archive = NoArchive()
            let host = try ToyHost(archive: archive)
            try host.turn()
            #expect(host.host.keeping.checkpointAt == nil)
            archive.needsCheckpoint = true
            try host.turn()
            var keeping = host.host.keeping
            let due = try #require(keeping.checkpointAt)
            keeping.checkpointIfDue(at: due - .seconds(1))
            #expect(archive.needsCheckpoint)
            keeping.checkpointIfDue(at: due)
            #expect(!archive.needsCheckpoint && keeping.checkpointAt == nil)
        }

        @Test("an archive with work of its own gets rounds even without events")
        func archiveBehind() throws {
            let archive = NoArchive()
            archive.isBehind = true
            let host = try ToyHost(archive: archive)
            let end = Clock.now() + .seconds(20)
            while archive.commits < 10, Clock.now() < end { _ = try host.host.round(atMost: .seconds(20)) }
            #expect(archive.commits >= 10)
        }

        @Test("with a full disk nothing is sent and nothing is lost; it is sent when there is space")
        func archiveFull() throws {
            let (read, write) = makePipe()
            defer { for number in [read, write] { close(number) } }
            let archive = NoArchive()
            let host = try ToyHost(archive: archive) { $0.input = read }
            try host.turn()
            archive.failure = ArchiveError(.full, "no space left")
            host.want(.notify(.notice("said"), token: nil))
            try turn(host, times: 5)
            _ = Glibc.write(write, "typed\n", 6)
            try turn(host, times: 5)
            #expect(host.frontEnd.failures.count == 1)
            #expect(host.frontEnd.failures.first?.text.hasPrefix("no space left") == true)
            #expect(host.board.outputs.count == 1 && host.board.commands.isEmpty && host.status == nil)

            archive.failure = nil
            #expect(try turn(host) { host.board.commands == [.say(text: "typed", kind: .text, room: nil)] })
            #expect(host.board.outputs.isEmpty)
        }

        @Test("a user who quits while the disk is full is told which messages are lost")
        func leavingWhileFull() throws {
            let (read, write) = makePipe()
            defer { close(read) }
            let archive = NoArchive()
            let host = try ToyHost(archive: archive) { $0.input = read }
            try host.turn()
            archive.failure = ArchiveError(.full, "no space left")
            _ = Glibc.write(write, "first\n", 6)
            try turn(host, times: 5)
            _ = Glibc.write(write, "second\n", 7)
            close(write)
            #expect(try turn(host) { host.status == .failed })
            #expect(
                host.frontEnd.failures.dropFirst().map(\.text)
                    == ["not saved and not sent: first", "not saved and not sent: second"])
        }

        @Test("an interrupt while the disk is full ends the host and reports the lost messages", arguments: [0, 5])
        func interruptWhileFull(turns: Int) throws {
            let (read, write) = makePipe()
            defer { for number in [read, write] { close(number) } }
            let archive = NoArchive()
            let host = try ToyHost(archive: archive) {
                $0.input = read
                $0.takesSignals = true
            }
            try host.turn()
            archive.failure = ArchiveError(.full, "no space left")
            _ = Glibc.write(write, "first\n", 6)
            try turn(host, times: turns)
            raise(SIGTERM)
            #expect(try turn(host) { host.status == .failed })
            #expect(host.frontEnd.failures.last?.text == "not saved and not sent: first")
        }

        @Test("an interrupt asks the core to quit; a second one ends the host immediately, with links still open")
        func signals() throws {
            let host = try ToyHost { $0.takesSignals = true }
            raise(SIGWINCH)
            raise(SIGINT)
            #expect(try turn(host) { host.board.commands == [.quit(afterReceipts: false)] })
            try turn(host, times: 3)
            #expect(host.status == nil)
            raise(SIGTERM)
            #expect(try turn(host) { host.status == .failed })
        }
    }
}
