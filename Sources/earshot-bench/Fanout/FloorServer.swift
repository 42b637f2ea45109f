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
        for place in clients.indices {
            if let own = clients[place].said {
                clients[place].said = nil
                send(Array(round[..<own.lowerBound]) + round[own.upperBound...], to: place)
            } else {
                send(round, to: place)
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

    private func ready(_ place: Int) {
        if !clients[place].queue.isEmpty {
            let queue = clients[place].queue
            clients[place].queue = []
            send(queue, to: place)
            if clients[place].queue.isEmpty { watch.change(clients[place].socket, number: place, forWriting: false) }
        }
        let count = recv(clients[place].socket, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else {
            if count == 0 { exit(0) }
            return
        }
        let start = clients[place].said?.lowerBound ?? round.count
        round.append(contentsOf: buffer[..<count])
        clients[place].said = start..<round.count
    }

    private func send(_ bytes: [UInt8], to place: Int) {
        guard clients[place].queue.isEmpty else {
            clients[place].queue += bytes
            return
        }
        let count = bytes.withUnsafeBytes {
            Glibc.send(clients[place].socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if count < bytes.count {
            clients[place].queue = Array(bytes[max(0, count)...])
            watch.change(clients[place].socket, number: place, forWriting: true)
        }
    }
}
