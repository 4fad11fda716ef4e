// The mark: a snake as an S.
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="logo">
      <rect width="32" height="32" rx="8" />
      <path d="M21.5 10.2c-1.4-1.3-3.3-2-5.6-2-3.500 0-5.900 1.600-5.900 4.100 0 5.400 9.300 2.400 9.300 5.700 0 1.400-1.500 2.300-3.700 2.300-2.100 0-3.900-.8-5.300-2.100" />
      <circle cx="21.600" cy="22.600" r="1.700" />
    </svg>
  );
}
