import CLinux
import Glibc

/// Random bytes from the kernel.
public enum Entropy {
    /// Fit for keys.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = getrandom(buffer.baseAddress! + filled, count - filled, 0)
                if got > 0 {
                    filled += got
                } else {
                    // Nothing sensible can be done without randomness, and since Linux 3.17 it cannot fail.
                    precondition(got == -1 && errno == EINTR, "the kernel has random bytes")
                }
            }
        }
    }

    /// A seed for a core's generator, an instance number.
    public static func word() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
