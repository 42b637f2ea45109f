import Glibc
import Wire

/// Looks hosts up by their names without holding up the loop: the system's look-up waits, so each runs on a thread of
/// its own, which shares nothing with us but the pipe into which it writes one line of what it found.
final class HostFinder {
    private let answers: Descriptor
    private let questions: Descriptor
    private let poller: Poller
    private var unread: [UInt8] = []
    /// Names that are being looked up: one at a time each.
    private var underWay: Set<String> = []

    /// Addresses of one host that are used; a line of them is written as a whole.
    private static let endpointCount = 8

    init(poller: Poller) throws(SystemError) {
        var ends: [CInt] = [0, 0]
        try promptCall("pipe") { pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        answers = Descriptor(owning: ends[0])
        questions = Descriptor(owning: ends[1])
        self.poller = poller
        try poller.add(ends[0], .hostsFound, .readable)
    }

    deinit { poller.remove(answers.number) }

    private final class Question {
        let name: String
        let port: UInt16
        /// Our own copy, to be closed by the thread.
        let answer: CInt

        init(name: String, port: UInt16, answer: CInt) {
            self.name = name
            self.port = port
            self.answer = answer
        }

        func answerIt() {
            let found = (try? Surroundings.endpoints(ofHost: name, port: port)) ?? []
            let words = [name] + found.prefix(HostFinder.endpointCount).map(\.description)
            let line = Array((words.joined(separator: " ") + "\n").utf8)
            // Less than PIPE_BUF, so never torn; a pipe whose reader is gone refuses it.
            _ = line.withUnsafeBytes { write(answer, $0.baseAddress, $0.count) }
            close(answer)
        }
    }

    /// Answered by ``ready()`` later on, with nothing if there is no such host.
    func find(_ name: String, port: UInt16) {
        guard !name.contains(where: \.isWhitespace), underWay.insert(name).inserted else { return }
        let answer = fcntl(questions.number, F_DUPFD_CLOEXEC, 0)
        guard answer >= 0 else {
            underWay.remove(name)
            return
        }
        let question = Unmanaged.passRetained(Question(name: name, port: port, answer: answer))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Question>.fromOpaque(context).takeRetainedValue().answerIt()
                return nil
            }, question.toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            close(answer)
            question.release()
            underWay.remove(name)
        }
    }

    /// What was found since the last time.
    func ready() -> [(name: String, endpoints: [Endpoint])] {
        unread += (try? answers.read(atMost: 4096)) ?? []
        var found: [(name: String, endpoints: [Endpoint])] = []
        while let end = unread.firstIndex(of: 0x0A) {
            let words = String(decoding: unread[..<end], as: UTF8.self).split(separator: " ").map(String.init)
            unread.removeFirst(end + 1)
            guard let name = words.first else { continue }
            underWay.remove(name)
            found.append((name, words.dropFirst().compactMap { Endpoint($0) }))
        }
        return found
    }
}
