import Glibc
import Testing

@testable import Host

extension HostTests {
    @Suite("Writing a log")
    struct LogWritingTests {
        private func makePipe() -> (read: CInt, write: CInt) {
            var ends: [CInt] = [0, 0]
            let result = pipe(&ends)
            precondition(result == 0)
            return (ends[0], ends[1])
        }

        @Test("a pipe that is not read accepts lines until it is full, and then never blocks the writer")
        func full() {
            let (read, write) = makePipe()
            defer {
                close(read)
                close(write)
            }
            var count = 0
            while count < 10_000, ProcessEnvironment.writePromptly("line \(count)", to: write) == .written {
                count += 1
            }
            #expect(count > 100 && count < 10_000)
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            let taken = Glibc.read(read, &buffer, buffer.count)
            let lines = String(decoding: buffer[..<max(0, taken)], as: UTF8.self).split(separator: "\n")
            #expect(lines.count == count && lines.last == "line \(count - 1)")
            #expect(ProcessEnvironment.writePromptly("again", to: write) == .written)
        }

        @Test("a long line is truncated to what a pipe accepts atomically, never within a character")
        func long() {
            let (read, write) = makePipe()
            defer {
                close(read)
                close(write)
            }
            for shift in 0..<4 {
                let text = String(repeating: "x", count: shift) + String(repeating: "😀", count: 2_000)
                #expect(ProcessEnvironment.writePromptly(text, to: write) == .written)
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                let taken = Glibc.read(read, &buffer, buffer.count)
                let line = String(validating: buffer[..<max(0, taken)], as: UTF8.self)
                #expect(taken <= 4096 && line?.hasSuffix("😀\n") == true)
            }
        }

        @Test("a reader that is gone does no harm")
        func gone() {
            let (read, write) = makePipe()
            defer { close(write) }
            close(read)
            // As in every host, and never reset: other tests run at the same time.
            _ = signal(SIGPIPE, SIG_IGN)
            #expect(ProcessEnvironment.writePromptly("line", to: write) == .notTaken)
        }
    }
}
