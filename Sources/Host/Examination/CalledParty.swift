import CoreModel
import Doctor
public import Wire

/// A host that is looked up and called at each of its addresses.
public struct CalledParty {
    /// The address of a host.
    public enum HostAddress: Equatable, Sendable {
        case endpoint(Endpoint)
        /// A host name to look up.
        case name(String, port: UInt16)
    }

    private(set) var lookupFailure: String?
    private var calls: [Call] = []
    /// The addresses of this machine, which are not called.
    private var ownEndpoints: [Endpoint] = []
    /// The name that is being looked up, and the timeout.
    private var awaited: (name: String, until: Instant)?
    private let own: [IPAddress]
    private let firstNumber: UInt64
    private let poller: Poller

    /// Starts the lookup or the calls.
    /// - Parameter firstNumber: The number of the first call; events refer to it.
    init(
        _ place: HostAddress, own: [IPAddress], firstNumber: UInt64, poller: Poller, finder: HostFinder,
        at now: Instant
    ) {
        self.own = own
        self.firstNumber = firstNumber
        self.poller = poller
        switch place {
        case .endpoint(let endpoint): call([endpoint], at: now)
        case .name(let name, let port):
            awaited = (name, now + HostBounds.lookupTime)
            finder.find(name, port: port)
        }
    }

    var isDone: Bool { awaited == nil && calls.allSatisfy { $0.outcome != nil } }

    var isAnswered: Bool {
        calls.contains { if case .answered? = $0.outcome { true } else { false } }
    }

    var nextDeadline: Instant? {
        (calls.filter { $0.outcome == nil }.map(\.deadline) + [awaited?.until].compactMap(\.self)).min()
    }

    private mutating func call(_ endpoints: [Endpoint], at now: Instant) {
        for endpoint in endpoints.prefix(HostBounds.calledAddressCount) {
            if !firstIsForeign(endpoint.address) {
                ownEndpoints.append(endpoint)
                continue
            }
            calls.append(Call(to: endpoint, number: firstNumber + UInt64(calls.count), poller: poller, at: now))
        }
    }

    private func firstIsForeign(_ address: IPAddress) -> Bool {
        if own.isEmpty { return true }
        switch address {
        case .v4(let bits): return bits >> 24 != 127 && !own.contains(address)
        case .v6(let high, let low, _):
            let isOwn = own.contains { if case .v6(high, low, _) = $0 { true } else { false } }
            return !(high == 0 && low == 1) && !isOwn
        }
    }

    mutating func found(_ name: String, _ endpoints: [Endpoint], at now: Instant) {
        guard awaited?.name == name else { return }
        awaited = nil
        if endpoints.isEmpty { lookupFailure = "no such host" }
        call(endpoints, at: now)
    }

    func ready(_ number: UInt64, at now: Instant) {
        guard number >= firstNumber, number - firstNumber < UInt64(calls.count) else { return }
        calls[Int(number - firstNumber)].ready(at: now)
    }

    mutating func deadlineReached(at now: Instant) {
        for call in calls { call.deadlineReached(at: now) }
        if let until = awaited?.until, until <= now {
            awaited = nil
            lookupFailure = "the name server does not answer"
        }
    }

    func dials(_ neighbours: NeighbourTable, at now: Instant) -> [DialFacts] {
        ownEndpoints.map { DialFacts($0, .own) }
            + calls.map { call in
                var facts = DialFacts(
                    call.endpoint, call.outcome ?? .timedOut, neighbour: neighbours[call.endpoint.address],
                    took: call.took)
                facts.community = call.community
                return facts
            }
    }
}
