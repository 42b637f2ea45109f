import Foundation
import Simulator
import TestKit
import Testing

@Suite("What the fuzzer does")
struct ExerciseTests {
    /// What it has found worth keeping.
    private func corpus() throws -> [[UInt8]] {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        return try names.map { [UInt8](try Data(contentsOf: directory.appendingPathComponent($0))) }
    }

    @Test("inputs that reached new code once still trap nothing")
    func kept() throws {
        let inputs = try corpus()
        #expect(inputs.count > 20)
        for input in inputs {
            Exercise.decoders(Array(input.dropFirst()))
            Exercise.peer(Array(input.dropFirst()))
        }
    }

    @Test("changed inputs trap nothing", arguments: 1...4)
    func changed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let inputs = try corpus()
        for turn in 0..<100 {
            let input = random.mutated(inputs[turn % inputs.count])
            Exercise.decoders(input)
            Exercise.peer(input)
        }
    }
}
