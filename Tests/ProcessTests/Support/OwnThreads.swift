import Foundation
import Testing

/// Runs the tests of a suite on threads of their own.
///
/// Tests of processes wait far more than they compute. On Swift's own thread pool, which has as many threads as the
/// machine has cores, they would block the tests that compute.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: OwnThreads { OwnThreads() }
}

/// A few threads that run jobs in order of arrival.
private final class WaitingThreads: TaskExecutor, @unchecked Sendable {
    /// The number of suites that run in parallel: with more of them, the measurements would show only how busy the
    /// machine is.
    private static let count = 5
    static let shared = WaitingThreads()

    private let condition = NSCondition()
    /// Guarded by the condition.
    private var jobs: [UnownedJob] = []

    private init() {
        for number in 0..<Self.count {
            let thread = Thread { [unowned self] in self.run() }
            thread.name = "waiting \(number)"
            thread.start()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock { jobs.append(job) }
        condition.signal()
    }

    private func run() {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let job = jobs.removeFirst()
            condition.unlock()
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

extension NSCondition {
    fileprivate func withLock(_ body: () -> Void) {
        lock()
        defer { unlock() }
        body()
    }
}
