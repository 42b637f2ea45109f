import CoreModel
import Doctor
import Wire

extension Facts {
    /// lo and one Wi-Fi, without a fault.
    static func healthy(returns: Bool = true, sending: ProbeFacts.Sending = .sent) -> Facts {
        var facts = Facts()
        var wlan0 = InterfaceFacts.some(2, "wlan0", "192.168.1.23", 24)
        wlan0.interface.addresses.append(.init(address: .v6(high: 0xFE80 << 48, low: 1, scope: 2), length: 64))
        wlan0.interface.router = [2, 0, 0, 0, 0, 1]
        wlan0.router = IPAddress("192.168.1.1")
        wlan0.isWireless = true
        wlan0.probes = [
            ProbeFacts(.v4, sending, hasReturned: returns), ProbeFacts(.v6, sending, hasReturned: returns),
        ]
        facts.interfaces = [.loopback, wlan0]
        facts.hearing.listened = .seconds(5)
        return facts
    }
}

extension InterfaceFacts {
    static var loopback: InterfaceFacts {
        var lo = InterfaceFacts.some(1, "lo", "127.0.0.1", 8)
        lo.interface.isLoopback = true
        lo.probes = [ProbeFacts(.v4, .sent, hasReturned: true)]
        return lo
    }

    static func some(
        _ index: UInt32, _ name: String, _ address: String?, _ length: UInt8, kind: NetworkInterface.Kind = .lan
    ) -> InterfaceFacts {
        let addresses = address.flatMap { IPAddress($0) }.map { [NetworkInterface.Prefix(address: $0, length: length)] }
        return InterfaceFacts(
            NetworkInterface(index: index, name: name, isLoopback: false, addresses: addresses ?? [], kind: kind))
    }
}

extension TargetFacts {
    static func dialled(
        _ outcome: DialFacts.Outcome, at address: String = "192.168.1.50", _ neighbour: DialFacts.Neighbour = .unknown
    ) -> TargetFacts {
        let endpoint = Endpoint(address: IPAddress(address)!, port: 47474)
        return TargetFacts(text: address, dials: [DialFacts(endpoint, outcome, neighbour: neighbour)])
    }
}

extension PeerID {
    static var bea: PeerID { PeerID([UInt8](repeating: 0xBE, count: 32))! }
    static var cem: PeerID { PeerID([UInt8](repeating: 0xCE, count: 32))! }
    static var dia: PeerID { PeerID([UInt8](repeating: 0xD1, count: 32))! }
}

extension HearingFacts.Voice {
    static var bea: Self { Self(peer: .bea, name: "bea", address: IPAddress("192.168.1.50")!, count: 2) }
}

extension Diagnosis {
    /// Returns the line of the first finding with a code.
    func line(_ code: Finding.Code) -> String? { findings.first { $0.code == code }?.line }
}
