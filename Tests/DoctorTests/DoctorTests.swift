import Doctor
import Testing

@Suite("Doctor")
struct DoctorTests {}
