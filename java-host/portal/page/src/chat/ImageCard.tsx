// A chart that an action drew: the picture, its title, and a way to keep it.
import { Download, ImageOff } from "lucide-react";
import { useState } from "react";
import type { SharedImage } from "../agui/activities";
import { useHost } from "../app/host";
import { useI18n } from "../i18n/context";

export function ImageCard({ image }: { image: SharedImage }) {
  const { client } = useHost();
  const { t } = useI18n();
  const [broken, setBroken] = useState(false);
  const address = client.fileUrl(image.file_id);
  return (
    <figure className="image-card" data-testid="image">
      {broken ? (
        <p className="image-broken tone-muted" role="note">
          <ImageOff size={15} aria-hidden /> {image.description || image.name}
        </p>
      ) : (
        <img
          src={address}
          alt={image.description || image.title || image.name}
          loading="lazy"
          decoding="async"
          onError={() => setBroken(true)}
        />
      )}
      <figcaption>
        <span className="file-name">{image.title || image.name}</span>
        <a href={address} download={image.name}>
          <Download size={14} aria-hidden />
          {t("download")}
        </a>
      </figcaption>
    </figure>
  );
}
