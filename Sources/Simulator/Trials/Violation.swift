public import CoreModel

/// A violation of an invariant.
public struct Violation: Error, Equatable, Sendable {
    /// The invariant that should have held, as a sentence.
    public var invariant: String
    /// The host concerned, and what happened instead.
    public var detail: String
    /// The number of the step after which it was detected.
    public var step: Int
    public var at: Instant

    /// The hosts that the detail names, in its order.
    public var hosts: [HostID] {
        var hosts: [HostID] = []
        for word in detail.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) where word.first == "h" {
            if let number = Int(word.dropFirst()), !hosts.contains(HostID(number)) { hosts.append(HostID(number)) }
        }
        return hosts
    }

    public init(_ invariant: String, _ detail: String, step: Int, at: Instant) {
        self.invariant = invariant
        self.detail = detail
        self.step = step
        self.at = at
    }
}
