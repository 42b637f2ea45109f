import TestKit

/// The faults of real hosts and their times: drawn from a seed, reproducible.
struct RealFaultPlan {
    enum Kind: String, CaseIterable {
        /// A share of the datagrams that reach a host is lost.
        case datagramsLost
        /// TCP is dropped on its way to a host, on its way from it, or both. Neither side is notified.
        case linksDeaf, linksMute, linksDead
        /// A host's interface goes down, or the switch's port that it is plugged into.
        case unplugged, portDown
        /// Some hosts are on one bridge, the others on another, with all carriers up.
        case parted
        /// The host gets another address of the same network.
        case readdressed
        /// The host moves to another network, and back.
        case moved
        case killed
        /// A sleeping laptop: its process does not run, but its kernel does.
        case asleep
        case quit
        case renamed
        /// Two hosts want the same name.
        case namesakes
        case relayKilled

        /// The resource that a fault occupies: a host can have only one fault of each at a time.
        fileprivate enum Hold { case datagrams, links, cable, place, process, name, relay }

        fileprivate var hold: Hold {
            switch self {
            case .datagramsLost: .datagrams
            case .linksDeaf, .linksMute, .linksDead: .links
            case .unplugged, .portDown: .cable
            case .parted, .readdressed, .moved: .place
            case .killed, .asleep, .quit: .process
            case .renamed, .namesakes: .name
            case .relayKilled: .relay
            }
        }
    }

    struct Fault: CustomStringConvertible {
        var kind: Kind
        var hosts: [Int]
        /// From the step at which it begins until the one at which it ends.
        var steps: Range<Int>
        /// The share of datagrams in percent, the number in a new name or address.
        var amount: Int

        var description: String {
            let whom = hosts.map { "h\($0)" }.joined(separator: " ")
            return "\(steps.lowerBound)–\(steps.upperBound): \(kind.rawValue) \(whom) (\(amount))"
        }

        fileprivate func excludes(_ other: Fault) -> Bool {
            let isOfAll = kind == other.kind && [.parted, .relayKilled].contains(kind)
            return kind.hold == other.kind.hold && steps.overlaps(other.steps)
                && (isOfAll || hosts.contains { other.hosts.contains($0) })
        }
    }

    /// The duration of a step, in seconds.
    static let stepSeconds = 0.25

    let seed: UInt64
    let steps: Int
    private(set) var faults: [Fault] = []

    /// Draws a plan.
    /// - Parameters:
    ///   - kinds: The kinds that may occur; a coin toss enables each, because bugs hide where one kind prevents
    ///     another.
    ///   - seconds: The duration of the faults.
    init(seed: UInt64, hosts: Int, kinds: [Kind], seconds: Int) {
        self.seed = seed
        steps = Int(Double(seconds) / Self.stepSeconds)
        var random = SeededGenerator(seed: seed)
        var swarm = kinds.filter { _ in Bool.random(using: &random) }
        if swarm.isEmpty { swarm = kinds }
        for _ in 0..<steps / 2 {
            let kind = swarm.randomElement(using: &random) ?? .killed
            let start = Int.random(in: 0..<steps, using: &random)
            // Short faults are more likely, but there are long ones.
            let length = 1 + Int.random(in: 0...Int.random(in: 0...60, using: &random), using: &random)
            let chosen = (0..<hosts).shuffled(using: &random)
            let count = kind == .parted ? Int.random(in: 1..<hosts, using: &random) : kind == .namesakes ? 2 : 1
            let fault = Fault(
                kind: kind, hosts: chosen.prefix(count).sorted(), steps: start..<min(start + length, steps),
                amount: Int.random(in: 20...60, using: &random))
            if !faults.contains(where: { $0.excludes(fault) }) { faults.append(fault) }
        }
        faults.sort { $0.steps.lowerBound < $1.steps.lowerBound }
    }

    /// A readable description, for failures.
    var text: String { faults.map { "  \($0)" }.joined(separator: "\n") }
}
