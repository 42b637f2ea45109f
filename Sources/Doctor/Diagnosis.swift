import CoreModel
import Wire

/// The conclusions from the facts: checks in a fixed order, each depending on some of the earlier ones.
public struct Diagnosis: Equatable, Sendable {
    /// The findings in the order in which they are shown. Skipped checks are one finding, at the place of the first.
    public private(set) var findings: [Finding] = []
    /// The number of checks that were skipped because a check that they depend on failed.
    public private(set) var skippedCount = 0
    /// The address of this machine to type on the other one; nil if it has none.
    public let ownAddress: String?

    /// The reasons why others are not seen, in the order in which to fix them.
    public var causes: [Finding] { findings.filter { $0.status == .fail } }
    /// 0 if no cause was found, otherwise 1.
    public var exitStatus: Int32 { causes.isEmpty ? 0 : 1 }

    /// The checks in their order. The checks that a check depends on precede it.
    enum Check: CaseIterable {
        case network, box, sending, port, returning, hearing, target, running, relay, sweep, place

        /// The checks that this one depends on: it is skipped if any of them fails.
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
                // A check that was not asked for is not missed. A check that depends on a skipped one is skipped too.
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
        let line = skippedCount == 1 ? "1 more check depends on this" : "\(skippedCount) more checks depend on this"
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
    /// The address to type on another machine: IPv4 if it has one.
    var typedAddress: String? {
        let addresses = interface.addresses.map(\.address)
        let plain = addresses.first { if case .v4 = $0 { true } else { false } }
        // A link-local IPv6 address has a meaning only with an interface of the other machine.
        return (plain ?? addresses.first { if case .v6(_, _, 0) = $0 { true } else { false } }).map { "\($0)" }
    }
}
