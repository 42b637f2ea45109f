import CoreModel
import Host
import Options
import PeerCore
import RelayCore
import Secure
import Wire

extension RelayProgram {
    /// Returns the configuration of the core for the options.
    /// - Throws: An error about a file that the options name.
    func configuration(
        _ options: RelayOptions, _ directory: String, for relay: PeerID
    ) throws -> RelayConfiguration {
        var configuration = RelayConfiguration(name: try Nickname(options.name))
        configuration.messageOfTheDay = options.room.motd
        configuration.topic = options.room.topic
        configuration.certificate = try Self.certificate(options, for: relay)
        configuration.roomPassword = options.access.password.map { password in
            switch password {
            case .hash(let hash): PasswordCheck(hash)
            case .clear(let text): PasswordCheck(Self.hash(of: text))
            }
        }
        configuration.allowedPeers = options.access.allowed.isEmpty ? nil : options.access.allowed
        configuration.operators = options.access.operators
        let operatorPassword = try options.access.operatorPassword ?? Self.operatorPassword(in: directory)
        configuration.operatorPassword = operatorPassword.map { PasswordCheck($0) }
        configuration.historyCount = options.limits.history
        let days = options.limits.historyDays
        configuration.keptBytes = options.limits.keptBytes
        configuration.historyAge = days == 0 ? nil : .seconds(days * 86_400)
        configuration.limits.memberCount = options.limits.members
        configuration.limits.connectionsPerAddress = options.limits.perAddress
        configuration.limits.guestCount = options.limits.guests
        // Everyone behind one address reconnects within seconds after a restart.
        configuration.limits.connectionRatePerAddress = max(50, Double(options.limits.perAddress) / 5)
        configuration.limits.handshakeCount = options.limits.handshakes
        configuration.limits.queueBytes = options.limits.queueBytes
        configuration.limits.messageRate = Double(options.limits.rate)
        configuration.limits.messageBurst = options.limits.burst
        return configuration
    }

    /// Returns the configuration of the host for the options.
    func hostConfiguration(_ options: RelayOptions, _ log: RelayLogger) throws -> HostConfiguration {
        var configuration = HostConfiguration()
        let listen = options.listen.isEmpty ? [ListenAddress(.any, port: RelayAddress.usualPort)] : options.listen
        configuration.port = .at(try listen.flatMap(Self.places))
        configuration.guestPlaces = try options.text.map(Self.places) ?? []
        configuration.pagePlaces = try options.metrics.map(Self.places) ?? []
        configuration.usesMulticast = false
        configuration.input = nil
        configuration.output = nil
        // The core decides which connection is one too many, and tells the client the reason; this limit is for
        // connections that it never sees.
        configuration.linkLimits.accepted = options.linkCount
        configuration.linkLimits.acceptedPerAddress = options.linkCount
        configuration.finishTime = .seconds(3)
        configuration.note = { log.write($0) }
        return configuration
    }

    private static func places(_ address: ListenAddress) throws -> [ListenPlace] {
        switch address.host {
        case .any: [.everyAddress(port: address.port)]
        case .address(let host): [.endpoint(Endpoint(address: host, port: address.port))]
        // The first address is enough: others can be listed.
        case .name(let name):
            try ProcessEnvironment.endpoints(ofHost: name, port: address.port).prefix(1).map { .endpoint($0) }
        }
    }

    private static func hash(of password: String) -> PasswordHash {
        PasswordHash(of: password, salt: Entropy.bytes(PasswordHash.saltBytes))
    }
}

extension PasswordCheck {
    init(_ hash: PasswordHash) {
        self.init(tag: hash.salt) { hash.matches(String(decoding: $0, as: UTF8.self)) }
    }
}

extension ListenAddress.Host {
    /// Nil: no particular address.
    var address: RelayAddress.Host? {
        switch self {
        case .any: nil
        case .address(.v4(0)), .address(.v6(high: 0, low: 0, scope: 0)): nil
        case .address(let address): .address(address)
        case .name(let name): .name(name)
        }
    }
}

extension RelayOptions {
    /// The maximum number of connections, with some room for those that are about to be refused with a reason.
    var linkCount: Int { limits.members + limits.handshakes + limits.guests + 64 }

    /// Returns the options that differ but cannot be changed while a relay runs.
    func fixedDifferences(from other: RelayOptions) -> [String] {
        var names: [String] = []
        if listen != other.listen { names.append("listen") }
        if stateDirectory != other.stateDirectory { names.append("state") }
        if metrics != other.metrics { names.append("metrics") }
        if text != other.text { names.append("text") }
        if limits.members > other.limits.members { names.append("max-members") }
        return names
    }
}

/// The front end of a relay, which has no user: its messages go to the log.
final class RelayFrontEnd: FrontEnd {
    func inputReceived(_ bytes: [UInt8], at wall: WallTime) {}
    func inputEnded() {}
    func sizeChanged(columns: Int) {}
    func eventOccurred(_ event: Event, token: CommandToken?, at wall: WallTime) {}
    func nextCommand() -> (command: Command, token: CommandToken?)? { nil }
    func takeOutput() -> [UInt8] { [] }
}
