import Simulator
import Testing

extension Trial {
    /// Runs it; what is violated is recorded with its seed.
    func expectToPass() throws {
        do {
            _ = try run()
        } catch let violation as Violation {
            Issue.record("seed \(seed): \(violation)")
        }
    }
}
