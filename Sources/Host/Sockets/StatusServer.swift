import CLinux
import Glibc

/// Sends one page to each process of the same user that connects to a Unix socket in the state directory, then closes:
/// `earshot doctor` uses it to question a running peer. The server reads nothing and waits for no client.
final class StatusServer {
    /// The name of the socket in the directory.
    static let name = "status"

    private let socket: Descriptor
    private let directory: Descriptor
    private let path: String
    private let poller: Poller

    /// Opens the socket.
    /// - Parameter path: A state directory that this process has locked, so a socket that exists there is stale.
    init(in path: String, poller: Poller) throws(SystemError) {
        self.poller = poller
        self.path = path + "/" + Self.name
        directory = try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        socket = try Descriptor(family: AF_UNIX, .stream)
        unlink(self.path)
        let address = LocalAddress(of: Self.name, in: directory)
        let number = socket.number
        // Only its user can enter the directory (0700), so the time before the mode is set is harmless.
        try nonBlockingCall("bind", self.path) { address.withPointer { Glibc.bind(number, $0, $1) } }
        try nonBlockingCall("chmod", self.path) { chmod(self.path, 0o600) }
        try socket.listen(backlog: 8)
        try poller.add(socket.number, .listener(.status), .readable)
    }

    deinit {
        poller.remove(socket.number)
        unlink(path)
    }

    /// Accepts a bounded number of waiting connections.
    /// - Parameter page: Called only if there is a connection.
    func accept(page: () -> [UInt8]) {
        for _ in 0..<HostBounds.statusConnections {
            guard let accepted = try? socket.accept() else { return }
            let connection = Descriptor(owning: accepted.number)
            // Bytes that the kernel does not accept immediately are dropped: a Unix socket accepts 200 KiB.
            _ = try? connection.send(page().prefix(HostBounds.statusBytes))
        }
    }
}
