/// Splits a byte stream into length-prefixed units: frames, or sealed records. The length is two bytes, big-endian.
///
/// Append bytes as they arrive and take all complete units after each ``append(_:)``; then at most one incomplete unit
/// is buffered. Each byte is moved a bounded number of times, however the stream was split.
public struct LengthPrefixBuffer<Unit: LengthPrefixed>: Sendable {
    private var bytes: [UInt8] = []
    /// The index of the first byte not yet taken.
    private var start = 0
    private var failure: WireError?

    public init() {}

    /// The number of bytes buffered because their unit is incomplete or not yet taken.
    public var bufferedCount: Int { bytes.count - start }

    /// Whether ``next()`` has thrown, after which the stream has no unit boundaries.
    public var isBroken: Bool { failure != nil }

    /// Appends more of the stream. After an error the stream has no unit boundaries, so the bytes are dropped. Bytes
    /// that arrive while nothing is buffered are not copied, and the buffer is released once all units are taken: an
    /// idle stream has no buffer.
    public mutating func append(_ more: [UInt8]) {
        guard failure == nil else { return }
        if start == bytes.count {
            bytes = more
            start = 0
            return
        }
        if start > bytes.count / 2 {
            // At least as many bytes were taken as are moved here.
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Returns the next complete unit without its length, or nil until more bytes arrive. Release it before the next
    /// ``append(_:)``, which otherwise has to copy the buffer.
    /// - Throws: ``WireError/empty`` and ``WireError/tooLong(bytes:maximum:)``. After the first error every call throws
    ///   it again, because the stream is lost.
    public mutating func next() throws(WireError) -> ArraySlice<UInt8>? {
        if let failure { throw failure }
        guard bufferedCount >= 2 else {
            if bufferedCount == 0 { prune() }
            return nil
        }
        let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        if length == 0 { throw fail(.empty) }
        if length > Unit.maximumBytes { throw fail(.tooLong(bytes: length, maximum: Unit.maximumBytes)) }
        guard bufferedCount - 2 >= length else { return nil }
        let unit = bytes[start + 2..<start + 2 + length]
        start += 2 + length
        return unit
    }

    private mutating func fail(_ error: WireError) -> WireError {
        failure = error
        prune()
        return error
    }

    private mutating func prune() {
        bytes = []
        start = 0
    }
}

/// A kind of unit that a ``LengthPrefixBuffer`` yields.
public protocol LengthPrefixed: Sendable {
    /// The maximum size of a unit. Longer ones are rejected before any of their bytes are buffered.
    static var maximumBytes: Int { get }
}

/// Splits the plaintext stream of a link into frames.
public typealias FrameBuffer = LengthPrefixBuffer<FrameUnit>
/// Splits a TCP stream into handshake messages and sealed records (Noise §13 leaves framing to the application).
public typealias RecordBuffer = LengthPrefixBuffer<RecordUnit>

public enum FrameUnit: LengthPrefixed {
    public static let maximumBytes = Limits.frameBytes
}

public enum RecordUnit: LengthPrefixed {
    /// The maximum size of a Noise message (Noise §3), and the largest that a two-byte length allows.
    public static let maximumBytes = 65_535
}
