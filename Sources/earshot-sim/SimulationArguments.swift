import CoreModel
import Simulator

/// The arguments of the command line.
struct SimulationArguments {
    var peers = 20
    var seeds: ClosedRange<UInt64> = 1...100
    var replayed: UInt64?
    var faults = TrialSettings(peers: 2).faults
    var habits = TrialSettings.Habit.allCases
    var hours: Double?
    var fullMeshCount: Int?
    var chart: String?
    var isScaleRun = false
    var keepsGoing = false
    var wantsHelp = false

    /// The reason why the arguments were not understood: one line, with what to do next.
    struct Misuse: Error {
        var text: String
    }

    static let help = """
        usage: earshot-sim [--peers N] [--seeds A..B | --replay SEED] [options]

        Runs real peers on a virtual network through faults drawn from each seed. Checks after every step that no
        invariant is violated, and at the end that everything has converged. Exits with status 1 at the first seed
        that fails, and prints the seed, the step, the violation and a sequence chart of the last events.

          --peers N          number of peers (default 20)
          --seeds A..B       seeds to run (default 1..100)
          --replay SEED      run one seed, and print its outcome and its whole trace
          --faults LIST      faults that may occur, separated by commas: all, none or some of
                             \(FaultPlan.Kind.allCases.map(\.rawValue).joined(separator: " "))
                             \(TrialSettings.Habit.allCases.map(\.rawValue).joined(separator: " "))
          --reach            only firewalls, switches that pass no multicast and slow hosts, as with
                             --faults \(FaultPlan.Kind.reach.map(\.rawValue).joined(separator: ","))
          --hours H          virtual time during which faults occur (default 20 s)
          --mesh N           up to N peers, all have links with all; beyond, each has a few (default 48)
          --chart FILE.svg   draw how the peers of one seed (the replayed one, or the last) converge
          --keep-going       run all seeds, with a line for each failure and for every 500 seeds
          --scale            without faults: measure how long N peers take to see each other, and the cost
          --help             show this help

        """

    init(_ words: some Sequence<String>) throws(Misuse) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            switch word {
            case "--help", "-h": wantsHelp = true
            case "--scale": isScaleRun = true
            case "--reach": (faults, habits) = (FaultPlan.Kind.reach, [])
            case "--keep-going": keepsGoing = true
            default:
                guard let value = rest.popFirst() else { throw Misuse(text: "\(word) needs a value (try --help)") }
                guard try take(word, value) else {
                    throw Misuse(text: "\(word) \(value) is not understood (try --help)")
                }
            }
        }
    }

    /// Sets the value of an option.
    /// - Returns: False if the value is invalid for this option.
    private mutating func take(_ option: String, _ value: String) throws(Misuse) -> Bool {
        switch option {
        case "--peers":
            guard let number = Int(value), (2...10_000).contains(number) else { return false }
            peers = number
        case "--seeds":
            let ends = value.split(separator: ".", omittingEmptySubsequences: true).map { UInt64($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return false }
            seeds = first...last
        case "--replay":
            guard let seed = UInt64(value) else { return false }
            replayed = seed
        case "--hours":
            guard let number = Double(value), number > 0, number <= 10_000 else { return false }
            hours = number
        case "--mesh":
            guard let number = Int(value), (1...10_000).contains(number) else { return false }
            fullMeshCount = number
        case "--chart": chart = value
        case "--faults": return take(faults: value)
        default: throw Misuse(text: "unexpected argument \(option) (try --help)")
        }
        return true
    }

    private mutating func take(faults list: String) -> Bool {
        if list == "all" { return true }
        (faults, habits) = ([], [])
        if list == "none" { return true }
        for word in list.split(separator: ",") {
            if let kind = FaultPlan.Kind(rawValue: String(word)) {
                faults.append(kind)
            } else if let habit = TrialSettings.Habit(rawValue: String(word)) {
                habits.append(habit)
            } else {
                return false
            }
        }
        return true
    }

    var settings: TrialSettings {
        var settings = TrialSettings(peers: peers)
        settings.faults = faults
        settings.habits = habits
        settings.fullMeshCount = fullMeshCount
        if let hours { settings.last(.seconds(hours * 3_600)) }
        return settings
    }
}
