import Foundation
import FuzzTargets
import TestKit
import Testing

@Suite("Fuzz targets")
struct ExerciseTests {
    /// The inputs of the fuzzer that are worth keeping.
    private func corpus(of exercise: FuzzTarget) throws -> [[UInt8]] {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Corpus/\(exercise.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.map { [UInt8](try Data(contentsOf: directory.appendingPathComponent($0))) }
    }

    @Test("inputs that once reached new code still break nothing", arguments: FuzzTarget.allCases)
    func kept(exercise: FuzzTarget) throws {
        let inputs = try corpus(of: exercise)
        #expect(inputs.count > 10)
        for input in inputs { exercise.run(input) }
    }

    @Test("mutated inputs break nothing", arguments: FuzzTarget.allCases)
    func changed(exercise: FuzzTarget) throws {
        let inputs = try corpus(of: exercise)
        for seed in 1...2 {
            var random = SeededGenerator(seed: UInt64(seed))
            for turn in 0..<20 { exercise.run(random.mutated(inputs[turn % inputs.count])) }
        }
    }
}
