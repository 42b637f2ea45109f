import CMeasure
import Glibc

/// The least that a server can do: the bytes from each client are sent to all others, once a round, without checks.
final class FloorServer {
    private struct Client {
        var socket: CInt
        /// The bytes that the kernel did not accept.
        var queue: [UInt8] = []
        /// The range of the bytes that it sent in this round, which the others get.
        var said: Range<Int>?
    }

    private let listener: CInt
    private let watch = Watch()
    private var clients: [Client] = []
    private var round: [UInt8] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

    /// Prints its port on standard output and serves until it is killed.
    static func run() throws -> Never {
        let (listener, port) = try Stream.listen()
        BenchmarkOutput.show("\(port)\n")
        let server = FloorServer(listener)
        while true { server.turn() }
    }

    private init(_ listener: CInt) {
        self.listener = listener
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        watch.add(listener, number: -1 & Int(Int32.max))
    }

    private func turn() {
        watch.wait(milliseconds: -1) { number in
            if number == -1 & Int(Int32.max) { accept() } else { ready(number) }
        }
        guard !round.isEmpty else { return }
        for index in clients.indices {
            if let own = clients[index].said {
                clients[index].said = nil
                send(Array(round[..<own.lowerBound]) + round[own.upperBound...], to: index)
            } else {
                send(round, to: index)
            }
        }
        round.removeAll(keepingCapacity: true)
    }

    private func accept() {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else { return }
            Stream.setUp(socket)
            watch.add(socket, number: clients.count)
            clients.append(Client(socket: socket))
        }
    }

    private func ready(_ index: Int) {
        if !clients[index].queue.isEmpty {
            let queue = clients[index].queue
            clients[index].queue = []
            send(queue, to: index)
            if clients[index].queue.isEmpty { watch.change(clients[index].socket, number: index, forWriting: false) }
        }
        let count = recv(clients[index].socket, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else {
            if count == 0 { exit(0) }
            return
        }
        let start = clients[index].said?.lowerBound ?? round.count
        round.append(contentsOf: buffer[..<count])
        clients[index].said = start..<round.count
    }

    private func send(_ bytes: [UInt8], to index: Int) {
        guard clients[index].queue.isEmpty else {
            clients[index].queue += bytes
            return
        }
        let count = bytes.withUnsafeBytes {
            Glibc.send(clients[index].socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if count < bytes.count {
            clients[index].queue = Array(bytes[max(0, count)...])
            watch.change(clients[index].socket, number: index, forWriting: true)
        }
    }
}
