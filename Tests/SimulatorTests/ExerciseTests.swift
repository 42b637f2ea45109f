import Exercises
import Foundation
import TestKit
import Testing

@Suite("Fuzz targets")
struct ExerciseTests {
    /// The inputs of the fuzzer that are worth keeping.
    private func corpus(of exercise: Exercise) throws -> [[UInt8]] {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Corpus/\(exercise.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.map { [UInt8](try Data(contentsOf: directory.appendingPathComponent($0))) }
    }

    @Test("inputs that once reached new code still break nothing", arguments: Exercise.allCases)
    func kept(exercise: Exercise) throws {
        let inputs = try corpus(of: exercise)
        #expect(inputs.count > 10)
        for input in inputs { exercise.run(input) }
    }

    @Test("mutated inputs break nothing", arguments: Exercise.allCases)
    func changed(exercise: Exercise) throws {
        let inputs = try corpus(of: exercise)
        for seed in 1...2 {
            var random = SeededGenerator(seed: UInt64(seed))
            for turn in 0..<20 { exercise.run(random.mutated(inputs[turn % inputs.count])) }
        }
    }
}
