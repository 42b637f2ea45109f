import CoreModel
import Wire

/// What the facts come to: the checks in their order, each resting on those it needs.
public struct Diagnosis: Equatable, Sendable {
    /// In the order in which they are shown. Those that were skipped are one finding at the place of the first.
    public private(set) var findings: [Finding] = []
    /// How many checks were not looked at, because what they rest on failed.
    public private(set) var skippedCount = 0
    /// What to type on the other machine: an address of this one; nil if it has none.
    public let ownAddress: String?

    /// The reasons why others are not seen, the first to be mended first.
    public var causes: [Finding] { findings.filter { $0.status == .fail } }
    /// 0: nothing found; 1: a cause.
    public var exitStatus: Int32 { causes.isEmpty ? 0 : 1 }

    /// In their order. What a check needs comes before it.
    enum Check: CaseIterable {
        case network, box, sending, port, returning, hearing, target, running, relay, sweep, place

        /// A failure of any of these makes this one say nothing of its own.
        var needs: [Check] {
            switch self {
            case .network, .running: []
            case .box, .sending, .port, .relay, .place, .target: [.network]
            case .returning: [.network, .port, .sending]
            case .hearing: [.network, .port, .returning]
            case .sweep: [.network, .sending]
            }
        }
    }

    public init(_ facts: Facts) {
        ownAddress = facts.lans.lazy.compactMap(\.typedAddress).first
        var failed: Set<Check> = []
        var firstSkipped: Int?
        for check in Check.allCases {
            if check.needs.contains(where: failed.contains) {
                // Who was not asked for is not missed, and what rests on a skipped check is skipped too.
                guard Self.isAsked(check, facts) else { continue }
                failed.insert(check)
                skippedCount += 1
                firstSkipped = firstSkipped ?? findings.count
                continue
            }
            let news = Self.findings(of: check, facts)
            if news.contains(where: { $0.status == .fail }) { failed.insert(check) }
            findings += news
        }
        guard let firstSkipped else { return }
        let line = skippedCount == 1 ? "1 more check needs that first" : "\(skippedCount) more checks need that first"
        findings.insert(Finding(findings[max(0, firstSkipped - 1)].code, .skipped, line), at: firstSkipped)
    }

    private static func isAsked(_ check: Check, _ facts: Facts) -> Bool {
        switch check {
        case .network, .box, .sending, .port, .returning, .hearing: true
        case .target: facts.target != nil
        case .relay: facts.relay != nil
        case .sweep: facts.sweep != nil
        case .running: facts.running != nil
        case .place: false
        }
    }

    private static func findings(of check: Check, _ facts: Facts) -> [Finding] {
        switch check {
        case .network: facts.networkFindings
        case .box: facts.boxFindings
        case .sending: facts.sendingFindings
        case .port: facts.portFindings
        case .returning: facts.returningFindings
        case .hearing: facts.hearingFindings
        case .target: facts.target.map { facts.findings(of: $0) } ?? []
        case .running: facts.running.map { facts.findings(of: $0) } ?? []
        case .relay: facts.relay.map { facts.findings(of: $0) } ?? []
        case .sweep: facts.sweep.map { facts.findings(of: $0) } ?? []
        case .place: facts.placeFindings
        }
    }
}

extension InterfaceFacts {
    /// The address to type on another machine: IPv4 if there is one.
    var typedAddress: String? {
        let addresses = interface.addresses.map(\.address)
        let plain = addresses.first { if case .v4 = $0 { true } else { false } }
        // A link-local address of IPv6 means something only with an interface of the other machine.
        return (plain ?? addresses.first { if case .v6(_, _, 0) = $0 { true } else { false } }).map { "\($0)" }
    }
}
