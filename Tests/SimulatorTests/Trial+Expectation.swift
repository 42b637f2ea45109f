import Simulator
import Testing

extension Trial {
    /// Runs the trial; a violation is recorded with its seed.
    func expectToPass() throws {
        do {
            _ = try run()
        } catch let violation as Violation {
            Issue.record("seed \(seed): \(violation)")
        }
    }
}
