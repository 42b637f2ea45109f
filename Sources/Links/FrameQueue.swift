import Wire

/// What is sent first of what waits for one link.
package enum Lane: CaseIterable {
    /// Signs of life, and what is asked for: nobody waits for these.
    case control
    /// What people say and what they are told of each other, in the order in which it happened.
    case chat
    /// What keeps logs and statements in step. A goodbye is the last of all.
    case sync
}

extension Frame {
    package var lane: Lane {
        switch self {
        case .hello, .ping, .pong, .gathering, .want, .join, .welcome, .refusal: .control
        case .announcement, .entries, .receipt, .away, .members, .moderate, .moderated, .removed, .notice,
            .topic, .tunnel, .tunnelClosed, .declined:
            .chat
        case .peers, .goodbye, .reconcile, .have, .digest, .advertise, .request, .advertisements, .authors: .sync
        }
    }
}

/// Encoded frames of one lane, oldest first. The links of a room share the storage of what is said to all.
struct FrameQueue {
    private var frames: [[UInt8]] = []
    /// Index of the oldest that waits.
    private var first = 0
    /// Of the frames that wait, with their lengths.
    package private(set) var bytes = 0

    /// Room for this many frames is kept when they have left: 8 bytes each.
    private static let keptFrames = 8

    package mutating func append(_ frame: [UInt8]) {
        frames.append(frame)
        bytes += Self.size(of: frame)
    }

    /// Takes frames out as long as they fit.
    /// - Parameter room: Bytes; reduced by what is taken.
    package mutating func take(within room: inout Int, _ body: ([UInt8]) -> Void) {
        guard bytes > 0 else { return }
        let isAll = bytes <= room
        // By place: a walk over the array would hold it while it is emptied, which then makes a new one.
        while first < frames.count {
            let size = Self.size(of: frames[first])
            guard isAll || size <= room else { return compact() }
            body(frames[first])
            room -= size
            bytes -= size
            first += 1
        }
        first = 0
        frames.removeAll(keepingCapacity: frames.capacity <= Self.keptFrames)
    }

    /// What was taken is dropped when it is the greater part, so that each place is moved at most once more.
    private mutating func compact() {
        for place in (0..<first).reversed() {
            guard !frames[place].isEmpty else { break }
            frames[place] = []
        }
        guard first > frames.count / 2 else { return }
        frames.removeFirst(first)
        first = 0
    }

    private static func size(of frame: [UInt8]) -> Int { 2 + frame.count }
}
