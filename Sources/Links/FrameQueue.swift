import Wire

/// The priority of a frame among those that wait for one link.
package enum Lane: CaseIterable {
    /// Liveness checks, requests and handshakes: short frames that never wait behind others.
    case control
    /// What people say, and what they learn about each other, in the order in which it happened.
    case chat
    /// Frames that synchronise logs and link-state advertisements. A goodbye is the last frame of all.
    case sync
}

extension Frame {
    /// The lane that the frame is sent in.
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

/// The encoded frames of one lane, oldest first. The links of a room share the storage of a broadcast frame.
struct FrameQueue {
    private var frames: [[UInt8]] = []
    /// The index of the oldest frame that waits.
    private var first = 0
    /// The size of the waiting frames with their lengths, in bytes.
    package private(set) var bytes = 0

    /// The capacity that is kept when all frames have left: 8 bytes a frame.
    private static let keptFrames = 8

    /// Adds a frame at the end.
    package mutating func append(_ frame: [UInt8]) {
        frames.append(frame)
        bytes += Self.size(of: frame)
    }

    /// Removes frames as long as they fit, and passes each to `body`.
    /// - Parameter room: The free space in bytes; reduced by the size of the removed frames.
    package mutating func take(within room: inout Int, _ body: ([UInt8]) -> Void) {
        guard bytes > 0 else { return }
        let isAll = bytes <= room
        // By index: an iterator would hold a second reference to the array, so emptying it would copy it.
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

    /// Drops removed frames once they are the greater part, so that each element is moved at most once more.
    private mutating func compact() {
        for index in (0..<first).reversed() {
            guard !frames[index].isEmpty else { break }
            frames[index] = []
        }
        guard first > frames.count / 2 else { return }
        frames.removeFirst(first)
        first = 0
    }

    private static func size(of frame: [UInt8]) -> Int { 2 + frame.count }
}
