import CoreModel
import Host
import PeerCore
import RelayCore
import Secure
import Store
import Wire

/// A relay in a process of its own, without limits.
enum RelayServer {
    static let identity = Identity(seed: Array(repeating: 21, count: 32))

    /// Its lobby (Protocol.md, Relays).
    static let room = RoomID(SHA256.hash(Array("earshot relay lobby v1".utf8) + identity.peerID.bytes))!

    /// Prints its port on standard output and serves until it is killed.
    /// - Parameter path: The file for its log; nil to keep it in memory only.
    static func run(keepingAt path: String?) throws {
        let archive: any Archive = try path.map { try SQLiteArchive(at: $0, for: .relay) } ?? MemoryArchive()
        var configuration = RelayConfiguration(name: try Nickname("bench"))
        configuration.limits.memberCount = 20_000
        configuration.limits.connectionsPerAddress = 20_000
        configuration.limits.connectionRatePerAddress = 1e9
        configuration.limits.handshakeCount = 20_000
        configuration.limits.messageRate = 1e9
        configuration.limits.messageBurst = 1_000_000_000
        configuration.limits.queueBytes = 64 << 20
        // The members of the benchmark do not ping.
        configuration.limits.silence = .seconds(3_600)
        let relay = try Relay(
            configuration: configuration, identity: identity, random: RandomStream(seed: Entropy.bytes(32)),
            archive: archive)
        var host = HostConfiguration()
        host.port = .any
        host.usesMulticast = false
        host.input = nil
        host.output = nil
        host.takesSignals = false
        host.linkLimits.accepted = 20_000
        host.linkLimits.acceptedPerAddress = 20_000
        let server = try CoreHost(core: relay, frontEnd: SilentFrontEnd(), archive: archive, configuration: host)
        BenchmarkOutput.show("\(server.linkPort)\n")
        _ = try server.run()
    }
}

/// A front end without a user.
private final class SilentFrontEnd: FrontEnd {
    func inputReceived(_ bytes: [UInt8], at wall: WallTime) {}
    func inputEnded() {}
    func sizeChanged(columns: Int) {}
    func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime) {}
    func nextCommand() -> (command: Command, token: CommandToken?)? { nil }
    func takeOutput() -> [UInt8] { [] }
}
