import CoreModel
import Secure
import Wire

/// The limits on new connections to a relay: connections per address, and password attempts per address and in total.
struct RelayGate {
    /// The number of remembered addresses at which those without connections are evicted.
    private static let addressCount = 8_192

    /// The connections and attempts of one address.
    private struct Visitor {
        var connections = 0
        var arrivals: TokenBucket
        var attempts = TokenBucket(capacity: 3, perSecond: 0.2)
    }

    private var visitors: [AddressKey: Visitor] = [:]
    /// The checks of the room's password. Each deliberately takes a tenth of a second, during which the relay serves no
    /// other link.
    private var roomChecks = TokenBucket(capacity: 5, perSecond: 1)
    private var operatorChecks = TokenBucket(capacity: 3, perSecond: 0.2)
    /// The room's password, once someone gave it, as a digest under a key of this process. All later passwords are
    /// compared with it, without the slow check.
    private var rightRoomPassword: [UInt8]?
    private var rightOperatorPassword: [UInt8]?
    private let digestKey: [UInt8]

    init(digestKey: [UInt8]) { self.digestKey = digestKey }

    /// Forgets the accepted passwords, because a new configuration may have changed them.
    mutating func forgetPasswords() {
        rightRoomPassword = nil
        rightOperatorPassword = nil
    }

    // Connections.

    /// Returns whether a new connection is within the limits of its address, and counts it if so.
    mutating func admits(_ address: IPAddress, at now: Instant, _ configuration: RelayConfiguration) -> Bool {
        let key = AddressKey(address)
        if visitors[key] == nil, visitors.count >= Self.addressCount {
            visitors = visitors.filter { $0.value.connections > 0 }
        }
        var visitor =
            visitors[key]
            ?? Visitor(
                arrivals: TokenBucket(
                    capacity: Double(configuration.limits.connectionsPerAddress),
                    perSecond: configuration.limits.connectionRatePerAddress))
        let isAdmitted =
            visitor.connections < configuration.limits.connectionsPerAddress && visitor.arrivals.take(at: now)
        if isAdmitted { visitor.connections += 1 }
        visitors[key] = visitor
        return isAdmitted
    }

    /// Records that a connection from an address has closed.
    mutating func left(_ address: IPAddress) {
        let key = AddressKey(address)
        visitors[key]?.connections -= 1
    }

    // Passwords.

    /// The result of a password check; `later`: too many attempts were made.
    enum Verdict: Equatable { case right, wrong, later }

    /// Checks the password of the room.
    mutating func judgeRoom(
        _ password: [UInt8]?, _ check: PasswordCheck, from address: IPAddress, at now: Instant
    ) -> Verdict {
        guard let password else { return .wrong }
        if let rightRoomPassword { return compare(password, with: rightRoomPassword) }
        guard mayAttempt(from: address, at: now), roomChecks.take(at: now) else { return .later }
        guard check.isRight(password) else { return .wrong }
        rightRoomPassword = digest(of: password)
        return .right
    }

    /// Checks the password of the operators.
    mutating func judgeOperator(
        _ password: [UInt8]?, _ check: PasswordCheck, from address: IPAddress, at now: Instant
    ) -> Verdict {
        guard let password else { return .wrong }
        if let rightOperatorPassword { return compare(password, with: rightOperatorPassword) }
        guard mayAttempt(from: address, at: now), operatorChecks.take(at: now) else { return .later }
        guard check.isRight(password) else { return .wrong }
        rightOperatorPassword = digest(of: password)
        return .right
    }

    private mutating func mayAttempt(from address: IPAddress, at now: Instant) -> Bool {
        visitors[AddressKey(address)]?.attempts.take(at: now) ?? true
    }

    private func compare(_ password: [UInt8], with known: [UInt8]) -> Verdict {
        Self.isEqual(known, digest(of: password)) ? .right : .wrong
    }

    private func digest(of password: [UInt8]) -> [UInt8] { SHA256.hash(digestKey + password) }

    /// Compares in constant time, although digests under a secret key reveal nothing.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The part of an address that limits and bans apply to: for IPv6 the /64 network, because a host can use any address
/// in it.
struct AddressKey: Hashable {
    private let high: UInt64
    private let isV6: Bool

    init(_ address: IPAddress) {
        switch address {
        case .v4(let bits):
            high = UInt64(bits)
            isV6 = false
        case .v6(0, let low, _) where low >> 32 == 0xFFFF:
            // An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2).
            high = low & 0xFFFF_FFFF
            isV6 = false
        case .v6(let high, _, _):
            self.high = high
            isV6 = true
        }
    }

    /// The form in which bans store it: 9 bytes.
    var bytes: [UInt8] { [isV6 ? 6 : 4] + (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) } }

    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 9, let family = bytes.first, family == 4 || family == 6 else { return nil }
        isV6 = family == 6
        high = bytes.dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The address or the network, for people to read.
    var text: String {
        isV6
            ? "\(IPAddress.v6(high: high, low: 0, scope: 0))/64" : "\(IPAddress.v4(UInt32(truncatingIfNeeded: high)))"
    }

    var isLoopback: Bool {
        isV6 ? high == 0 : high >> 24 == 127
    }
}
