import CLinux
import Glibc

/// Gives one page to a process of the same user that connects to a Unix socket in the state directory, then closes: what
/// `earshot doctor` asks a running peer. Nothing is read, and nobody is waited for.
final class StatusServer {
    /// The name of the socket in the directory.
    static let name = "status"

    private let socket: Descriptor
    private let directory: Descriptor
    private let path: String
    private let poller: Poller

    /// - Parameter path: a state directory that this process has locked, so that a socket in it is left behind.
    init(in path: String, poller: Poller) throws(SystemError) {
        self.poller = poller
        self.path = path + "/" + Self.name
        directory = try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        socket = try Descriptor(family: AF_UNIX, .stream)
        unlink(self.path)
        let address = LocalAddress(of: Self.name, in: directory)
        let number = socket.number
        // The directory is its user's alone (0700), so the moment before the mode is set is nobody's chance.
        try promptCall("bind", self.path) { address.withPointer { Glibc.bind(number, $0, $1) } }
        try promptCall("chmod", self.path) { chmod(self.path, 0o600) }
        try socket.listen(backlog: 8)
        try poller.add(socket.number, .listener(.status), .readable)
    }

    deinit {
        poller.remove(socket.number)
        unlink(path)
    }

    /// A bounded number of those that wait.
    /// - Parameter page: made only if somebody asks.
    func accept(page: () -> [UInt8]) {
        for _ in 0..<HostBounds.statusVisits {
            guard let accepted = try? socket.accept() else { return }
            let connection = Descriptor(owning: accepted.number)
            // What the kernel does not take at once is cut: a socket of this kind takes 200 KiB.
            _ = try? connection.send(page().prefix(HostBounds.statusBytes))
        }
    }
}
