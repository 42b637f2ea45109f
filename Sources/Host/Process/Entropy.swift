import CLinux
import Glibc

/// Random bytes from the kernel.
public enum Entropy {
    /// Returns random bytes that are fit for keys.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = getrandom(buffer.baseAddress! + filled, count - filled, 0)
                if got > 0 {
                    filled += got
                } else {
                    // The process cannot continue without randomness, and since Linux 3.17 the call cannot fail.
                    precondition(got == -1 && errno == EINTR, "the kernel has random bytes")
                }
            }
        }
    }

    /// Returns a random number, for the seed of a core's generator or an instance number.
    public static func word() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
