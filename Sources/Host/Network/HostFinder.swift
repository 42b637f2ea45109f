import Glibc
import Wire

/// Looks up hosts by name without blocking the loop. The system's lookup blocks, so each one runs on its own thread,
/// which shares nothing with this object but the pipe to which it writes one line with the result.
final class HostFinder {
    private let answers: Descriptor
    private let questions: Descriptor
    private let poller: Poller
    private var unread: [UInt8] = []
    /// Names that are being looked up, each by one thread at a time.
    private var underWay: Set<String> = []

    /// The maximum number of addresses of one host; a line with all of them is written atomically.
    private static let endpointCount = 8

    init(poller: Poller) throws(SystemError) {
        var ends: [CInt] = [0, 0]
        try nonBlockingCall("pipe") { pipe(&ends) }
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
        /// A duplicate of the pipe's end, which the thread closes.
        let answer: CInt

        init(name: String, port: UInt16, answer: CInt) {
            self.name = name
            self.port = port
            self.answer = answer
        }

        func answerIt() {
            let found = (try? ProcessEnvironment.endpoints(ofHost: name, port: port)) ?? []
            let words = [name] + found.prefix(HostFinder.endpointCount).map(\.description)
            let line = Array((words.joined(separator: " ") + "\n").utf8)
            // Less than PIPE_BUF, so the write is atomic; a pipe without a reader refuses it.
            _ = line.withUnsafeBytes { write(answer, $0.baseAddress, $0.count) }
            close(answer)
        }
    }

    /// Starts a lookup; ``ready()`` returns the result later, empty if there is no such host.
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

    /// Returns the results since the last call.
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
